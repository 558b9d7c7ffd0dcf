#include "sulcusSchedules.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sulcus
{

double
LearningRateSchedule::Factor(std::int64_t step, std::int64_t totalSteps) const
{
  const auto total = static_cast<double>(std::max<std::int64_t>(totalSteps, 1));
  const double warmup = std::floor(warmupFraction * total);
  const auto t = static_cast<double>(std::clamp<std::int64_t>(step, 0, totalSteps));
  if (t < warmup)
  {
    return (warmupFromZero ? t : t + 1.0) / warmup;
  }
  const double progress = std::min(1.0, (t - warmup) / std::max(1.0, total - warmup));
  double decay = 1.0;
  if (kind == "polynomial")
  {
    decay = std::pow(1.0 - progress, power);
  }
  else if (kind == "cosine")
  {
    decay = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  }
  else if (kind != "constant")
  {
    throw UsageError(
        Message("unknown schedule '", kind, "': expected constant, polynomial or cosine"));
  }
  return finalFactor + (1.0 - finalFactor) * decay;
}

void
Describe(Parameters & visit, LearningRateSchedule & o)
{
  visit("schedule", o.kind, "How the learning rate decays over the run.")
      .Choices({"constant", "polynomial", "cosine"});
  visit("schedule_power", o.power, "Exponent of the polynomial decay.").Range(0, 10).Advanced();
  visit("warmup", o.warmupFraction, "Fraction of the run in which the learning rate rises from 0.")
      .Range(0, 0.9)
      .Advanced();
  visit("warmup_from_zero",
        o.warmupFromZero,
        "The first step of the warm-up has learning rate 0 (published for SimCLR).")
      .Advanced();
  visit("final_factor", o.finalFactor, "Learning rate at the end as a fraction of the initial one.")
      .Range(0, 1)
      .Advanced();
}

double
GaussianRamp(double t, double rampLength)
{
  if (rampLength <= 0)
  {
    return 1.0;
  }
  const double missing = 1.0 - std::clamp(t, 0.0, rampLength) / rampLength;
  return std::exp(-5.0 * missing * missing);
}

double
LinearRamp(double t, double rampLength)
{
  return rampLength <= 0 ? 1.0 : std::clamp(t, 0.0, rampLength) / rampLength;
}

double
AverageDecay(std::int64_t update, double decay)
{
  return std::min(1.0 - 1.0 / (static_cast<double>(update) + 1.0), decay);
}

} // namespace sulcus
