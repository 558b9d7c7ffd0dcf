#pragma once

#include <sulcusParameters.h>

#include <cstdint>
#include <string>

namespace sulcus
{

/** How the learning rate changes over a run, as a factor of the base rate. */
struct LearningRateSchedule
{
  std::string kind = "polynomial"; ///< "constant", "polynomial" or "cosine"
  double power = 0.9;              ///< of the polynomial
  double warmupFraction = 0.0;     ///< of the run, linear from 0, before the decay begins
  double finalFactor = 0.0;        ///< reached at the end of the run
  bool warmupFromZero = false;     ///< the first step has rate 0, as in Chen et al. 2020

  /** Factor at a step in [0, totalSteps). With w warm-up steps: (step+1)/w during warm-up, or
   * step/w from zero; after
   * it, with p = (step − w)/(totalSteps − w): f + (1 − f)·(1 − p)^power or f + (1 − f)·(1 + cos
   * πp)/2, f the final factor. \throws UsageError for an unknown kind. */
  double
  Factor(std::int64_t step, std::int64_t totalSteps) const;
};

void
Describe(Parameters & visit, LearningRateSchedule & o);

/** exp(−5 (1 − min(t, T)/T)²): the usual ramp of a consistency weight (Laine and Aila 2017,
 * Sec. 3.1); 1 for T ≤ 0. */
double
GaussianRamp(double t, double rampLength);

/** min(t, T)/T; 1 for T ≤ 0. */
double
LinearRamp(double t, double rampLength);

/** Decay of a moving average at update t = 0, 1, …: min(1 − 1/(t + 1), decay), so the first update
 * copies (Tarvainen and Valpola 2017, as released). */
double
AverageDecay(std::int64_t update, double decay);

} // namespace sulcus
