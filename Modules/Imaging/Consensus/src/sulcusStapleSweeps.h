#pragma once

#include "sulcusStaple.h"

namespace sulcus::detail
{

/** Expectation maximisation, the same for two labels and for several: sweeps until no parameter of
 * the annotators moves by more than the tolerance. TMethod has MaximizationStep(), which returns
 * the largest change of a parameter, and ExpectationStep(). */
template <typename TMethod, typename TResult>
void
SweepUntilStill(TMethod & method, const StapleOptions & options, TResult & result)
{
  for (result.iterations = 0; result.iterations < options.iterations && !result.converged;
       ++result.iterations)
  {
    const double change = method.MaximizationStep();
    method.ExpectationStep();
    result.converged = result.iterations > 0 && change <= options.tolerance;
  }
}

} // namespace sulcus::detail
