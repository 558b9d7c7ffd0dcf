#pragma once

#include <sulcusImageGrid.h>
#include <sulcusPlan.h>

#include <array>
#include <string>
#include <vector>

namespace sulcus
{

/** Spacing and extent of a grid along the axes of an orientation code: element i belongs to the
 * i-th letter. */
struct OrientedExtent
{
  std::array<double, 3> spacingInMm{};
  std::array<double, 3> extentInMm{};
};

/** \param orientation three letters, one of each of LR, PA and IS. \throws UsageError for another
 * code. */
OrientedExtent
ExtentAlong(const ImageGrid & grid, const std::string & orientation);

/** Whether a model may be trusted with an image. \param name of the image, for the message.
 * \throws ScopeError (exit 9) naming the image, what is outside, the range and what was found:
 * number of channels, spacing or extent along an axis of the plan's orientation. */
void
RequireInputContract(const Plan & plan,
                     const ImageGrid & grid,
                     std::size_t channels,
                     const std::string & name);

/** Where an image that the contract accepts is near its edge: a spacing or an extent within a fifth
 * of a limit, one line each for people. The contract is wider than what the model was trained on,
 * so near its edge a result deserves a second look. */
std::vector<std::string>
NearInputContract(const Plan & plan, const ImageGrid & grid);

} // namespace sulcus
