#include "sulcusLabelPlacement.h"

#include <sulcusAffine.h>
#include <sulcusError.h>

#include <array>
#include <cmath>

namespace sulcus
{

namespace
{

constexpr double SamePlaceInMm = 0.02;

/** Index of the grid = linear · index of the labels + offset, in whole numbers. */
struct WholeMapping
{
  std::array<std::array<std::int64_t, 3>, 3> linear{};
  std::array<std::int64_t, 3> offset{};

  std::array<std::int64_t, 3>
  operator()(const std::array<std::int64_t, 3> & index) const
  {
    auto result = offset;
    for (std::size_t row = 0; row < 3; ++row)
    {
      for (std::size_t column = 0; column < 3; ++column)
      {
        result[row] += linear[row][column] * index[column];
      }
    }
    return result;
  }
};

bool
IsSignedPermutation(const WholeMapping & mapping)
{
  for (std::size_t i = 0; i < 3; ++i)
  {
    std::int64_t inRow = 0;
    std::int64_t inColumn = 0;
    for (std::size_t j = 0; j < 3; ++j)
    {
      inRow += std::abs(mapping.linear[i][j]);
      inColumn += std::abs(mapping.linear[j][i]);
    }
    if (inRow != 1 || inColumn != 1)
    {
      return false;
    }
  }
  return true;
}

/** The nearest mapping in whole numbers. \throws GeometryError if a corner of the labels is moved
 * by it */
WholeMapping
MappingBetween(const ImageGrid & from, const ImageGrid & grid, const std::string & path)
{
  const auto exact = AffineOf(grid).Inverse().After(AffineOf(from)).RowMajor();
  WholeMapping mapping;
  for (std::size_t row = 0; row < 3; ++row)
  {
    for (std::size_t column = 0; column < 3; ++column)
    {
      mapping.linear[row][column] = std::llround(exact[4 * row + column]);
    }
    mapping.offset[row] = std::llround(exact[4 * row + 3]);
  }
  double largest = 0.0;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    std::array<std::int64_t, 3> index{};
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      index[axis] = (corner >> axis & 1U) != 0 ? static_cast<std::int64_t>(from.size[axis]) - 1 : 0;
    }
    const auto whole = mapping(index);
    for (std::size_t row = 0; row < 3; ++row)
    {
      double place = exact[4 * row + 3];
      for (std::size_t column = 0; column < 3; ++column)
      {
        place += exact[4 * row + column] * static_cast<double>(index[column]);
      }
      largest = std::max(largest,
                         std::abs(place - static_cast<double>(whole[row])) *
                             grid.spacing[static_cast<unsigned int>(row)]);
    }
  }
  if (!IsSignedPermutation(mapping) || !(largest <= SamePlaceInMm))
  {
    throw GeometryError(Message(path,
                                ": its voxels do not coincide with those of the reference image (",
                                largest,
                                " mm apart); resample with sulcus-preprocess --reference_image"));
  }
  return mapping;
}

} // namespace

LabelImage::Pointer
PlaceOnGrid(const LabelImage * labels, const ImageGrid & grid, const std::string & path)
{
  const auto from = GridOf(labels);
  const auto mapping = MappingBetween(from, grid, path);
  const auto result = NewImage<LabelImage>(grid);
  const auto * label = labels->GetBufferPointer();
  const auto inside = [&](const std::array<std::int64_t, 3> & index)
  {
    bool is = true;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      is = is && index[axis] >= 0 && index[axis] < static_cast<std::int64_t>(grid.size[axis]);
    }
    return is;
  };
  const auto end = [&](unsigned int axis) { return static_cast<std::int64_t>(from.size[axis]); };
  for (std::int64_t z = 0; z < end(2); ++z)
  {
    for (std::int64_t y = 0; y < end(1); ++y)
    {
      for (std::int64_t x = 0; x < end(0); ++x, ++label)
      {
        if (*label == 0)
        {
          continue;
        }
        const auto index = mapping({x, y, z});
        if (!inside(index))
        {
          throw GeometryError(
              Message(path, ": label ", *label, " lies outside the reference image"));
        }
        result->SetPixel({{index[0], index[1], index[2]}}, *label);
      }
    }
  }
  return result;
}

} // namespace sulcus
