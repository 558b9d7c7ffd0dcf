#include "sulcusInputContract.h"

#include <sulcusError.h>

#include <cmath>

namespace sulcus
{
namespace
{

/** The patient axis of a letter: 0 left-right, 1 front-back, 2 foot-head. */
int
PatientAxis(char letter)
{
  for (int axis = 0; axis < 3; ++axis)
  {
    if (std::string(axis == 0 ? "LR" : axis == 1 ? "PA" : "IS").find(letter) != std::string::npos)
    {
      return axis;
    }
  }
  throw UsageError(Message("orientation: unknown letter '", letter, "', known are L R P A I S"));
}

/** The index axis that runs closest to each letter; every index axis is used once. */
std::array<int, 3>
IndexAxes(const ImageGrid & grid, const std::string & orientation)
{
  std::array<int, 3> best{0, 1, 2};
  double bestSum = -1;
  for (const std::array<int, 3> & order :
       {std::array<int, 3>{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}})
  {
    double sum = 0;
    for (int i = 0; i < 3; ++i)
    {
      sum += std::abs(grid.direction[PatientAxis(orientation[i])][order[i]]);
    }
    if (sum > bestSum + 1e-9)
    {
      bestSum = sum;
      best = order;
    }
  }
  return best;
}

} // namespace

OrientedExtent
ExtentAlong(const ImageGrid & grid, const std::string & orientation)
{
  if (orientation.size() != 3 || PatientAxis(orientation[0]) == PatientAxis(orientation[1]) ||
      PatientAxis(orientation[0]) == PatientAxis(orientation[2]) ||
      PatientAxis(orientation[1]) == PatientAxis(orientation[2]))
  {
    throw UsageError(
        Message("orientation '", orientation, "': expected three letters, one for each axis"));
  }
  const auto axes = IndexAxes(grid, orientation);
  OrientedExtent result;
  for (int i = 0; i < 3; ++i)
  {
    result.spacingInMm[i] = grid.spacing[axes[i]];
    result.extentInMm[i] = grid.spacing[axes[i]] * static_cast<double>(grid.size[axes[i]]);
  }
  return result;
}

void
RequireInputContract(const Plan & plan,
                     const ImageGrid & grid,
                     std::size_t channels,
                     const std::string & name)
{
  if (channels != plan.channels.size())
  {
    throw ScopeError(
        Message(name, ": the model needs ", plan.channels.size(), " channels, got ", channels));
  }
  const OrientedExtent found = ExtentAlong(grid, plan.orientation);
  const InputContract & contract = plan.inputContract;
  for (int i = 0; i < 3; ++i)
  {
    const double spacing = found.spacingInMm[i];
    // a header stores single precision: a millionth more or less is the same spacing
    if (!(spacing >= contract.smallestSpacingInMm[i] * (1 - 1e-5) &&
          spacing <= contract.largestSpacingInMm[i] * (1 + 1e-5)))
    {
      throw ScopeError(Message(name,
                               ": outside the model's scope: spacing along ",
                               plan.orientation[i],
                               " is ",
                               spacing,
                               " mm, need ",
                               contract.smallestSpacingInMm[i],
                               " to ",
                               contract.largestSpacingInMm[i],
                               " mm"));
    }
    if (!(found.extentInMm[i] >= contract.smallestExtentInMm[i] * (1 - 1e-5)))
    {
      throw ScopeError(Message(name,
                               ": outside the model's scope: the image covers ",
                               found.extentInMm[i],
                               " mm along ",
                               plan.orientation[i],
                               ", need at least ",
                               contract.smallestExtentInMm[i],
                               " mm"));
    }
  }
}

std::vector<std::string>
NearInputContract(const Plan & plan, const ImageGrid & grid)
{
  constexpr double near = 0.8; // of the smaller to the larger of value and limit
  const OrientedExtent found = ExtentAlong(grid, plan.orientation);
  const InputContract & contract = plan.inputContract;
  std::vector<std::string> notes;
  const auto check = [&](const char * what, int axis, double value, double limit, bool isNear)
  {
    if (isNear)
    {
      notes.push_back(Message("near the edge of what the model accepts: ",
                              what,
                              " along ",
                              plan.orientation[axis],
                              " is ",
                              value,
                              " mm, the limit is ",
                              limit,
                              " mm"));
    }
  };
  for (int i = 0; i < 3; ++i)
  {
    const double spacing = found.spacingInMm[i];
    const double extent = found.extentInMm[i];
    const double finest = contract.smallestSpacingInMm[i];
    const double coarsest = contract.largestSpacingInMm[i];
    const double shortest = contract.smallestExtentInMm[i];
    check("spacing", i, spacing, finest, near * spacing <= finest);
    check("spacing", i, spacing, coarsest, spacing >= near * coarsest);
    check("the extent", i, extent, shortest, near * extent <= shortest);
  }
  return notes;
}

} // namespace sulcus
