#include "sulcusLabelLayout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace sulcus
{

namespace
{

constexpr double FarDeviations = 4.0; ///< standard deviations that no case strays by chance

using Centroids = std::map<int, std::array<double, 3>>;

/** How one label lies to another along one axis in nearly every case. */
struct UsualStep
{
  int a;
  int b;
  std::size_t axis;
  double medianInMm;
  double limitInMm; ///< as far as a sound case strays from the median

  std::optional<double>
  In(const Centroids & centroids) const
  {
    const auto from = centroids.find(a);
    const auto to = centroids.find(b);
    return from == centroids.end() || to == centroids.end()
               ? std::nullopt
               : std::optional(to->second[axis] - from->second[axis]);
  }
  bool
  IsTurned(double step) const
  {
    return step * medianInMm < 0.0 && std::abs(step) > 0.25 * std::abs(medianInMm) &&
           std::abs(step - medianInMm) > limitInMm;
  }
};

/** Standard deviation of the values that have the sign of the median. */
double
DeviationOnSide(const std::vector<double> & values, double median)
{
  double count = 0.0;
  double sum = 0.0;
  double squares = 0.0;
  for (const double value : values)
  {
    const double used = value * median > 0.0 ? 1.0 : 0.0;
    count += used;
    sum += used * (value - median);
    squares += used * (value - median) * (value - median);
  }
  return count > 0.0 ? std::sqrt(std::max(0.0, squares / count - sum * sum / (count * count)))
                     : 0.0;
}

/** Nothing for an axis on which the cases themselves disagree: left and right organs in one set. */
std::optional<UsualStep>
UsualStepOf(const std::vector<const CaseSummary *> & cases, int a, int b, std::size_t axis)
{
  UsualStep usual{a, b, axis, 0.0, 0.0};
  std::vector<double> values;
  for (const auto * one : cases)
  {
    if (const auto step = usual.In(one->centroids))
    {
      values.push_back(*step);
    }
  }
  if (values.size() < 5)
  {
    return std::nullopt;
  }
  const double median = MedianOf(values);
  const auto against =
      std::count_if(values.begin(), values.end(), [&](double v) { return v * median < 0.0; });
  if (std::abs(median) < 3.0 ||
      static_cast<double>(against) > 0.1 * static_cast<double>(values.size()))
  {
    return std::nullopt;
  }
  usual.medianInMm = median;
  usual.limitInMm = FarDeviations * DeviationOnSide(values, median);
  return usual;
}

std::vector<UsualStep>
UsualSteps(const std::vector<const CaseSummary *> & cases)
{
  std::set<std::pair<int, int>> pairs;
  for (const auto * one : cases)
  {
    for (const auto & [a, unused] : one->centroids)
    {
      for (const auto & [b, alsoUnused] : one->centroids)
      {
        if (a < b)
        {
          pairs.insert({a, b});
        }
      }
    }
  }
  std::vector<UsualStep> steps;
  for (const auto & [a, b] : pairs)
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      if (const auto usual = UsualStepOf(cases, a, b, axis))
      {
        steps.push_back(*usual);
      }
    }
  }
  return steps;
}

/** Whether a turned step comes with what a swap does besides: of two values, that all is as usual
 * once they are exchanged; of two sides, that all labels are turned along the axis. A lesion that
 * lies elsewhere does neither. */
bool
IsSwap(const UsualStep & turned, const std::vector<UsualStep> & usual, const Centroids & centroids)
{
  auto exchanged = centroids;
  std::swap(exchanged.at(turned.a), exchanged.at(turned.b));
  bool values = true;
  bool sides = true;
  for (const auto & other : usual)
  {
    if (const auto step = other.In(exchanged))
    {
      values = values && std::abs(*step - other.medianInMm) <=
                             std::max(other.limitInMm, 0.5 * std::abs(other.medianInMm));
      sides = sides && (other.axis != turned.axis || other.IsTurned(*other.In(centroids)));
    }
  }
  return values || sides;
}

} // namespace

void
CompareLayout(const std::vector<const CaseSummary *> & cases, std::vector<Finding> & findings)
{
  static constexpr const char * axes[] = {"left-right", "back-front", "foot-head"};
  const auto usual = UsualSteps(cases);
  std::set<std::string> reported;
  for (const auto & expected : usual)
  {
    for (const auto * one : cases)
    {
      const auto step = expected.In(one->centroids);
      if (step && expected.IsTurned(*step) && IsSwap(expected, usual, one->centroids) &&
          reported.insert(one->name).second)
      {
        findings.push_back({Severity::Fault,
                            "label layout",
                            one->name,
                            Message("label ",
                                    expected.b,
                                    " lies ",
                                    *step,
                                    " mm ",
                                    axes[expected.axis],
                                    " of label ",
                                    expected.a,
                                    " where ",
                                    expected.medianInMm,
                                    " mm are usual: sides or values are swapped"),
                            "look at the case; swap the values or correct the header, not both"});
      }
    }
  }
}

} // namespace sulcus
