#pragma once

#include <sulcusSpatialAugmentation.h>

#include <array>
#include <cmath>
#include <memory>
#include <vector>

namespace sulcus::spatial_sample
{

using Size = std::array<std::int64_t, 3>;
using Triple = std::array<double, 3>;

inline std::size_t
Voxels(const Size & size)
{
  return static_cast<std::size_t>(size[0] * size[1] * size[2]);
}

/** A volume with a linear ramp as image, so that every interpolated value is known, and an
 * ellipsoid as label. */
struct Volume
{
  explicit Volume(const Size & size)
      : image(2 * Voxels(size)), label(Voxels(size)), softLabel(3 * Voxels(size)),
        weight(Voxels(size)), observed(Voxels(size), 1)
  {
    std::size_t at = 0;
    for (std::int64_t z = 0; z < size[0]; ++z)
    {
      for (std::int64_t y = 0; y < size[1]; ++y)
      {
        for (std::int64_t x = 0; x < size[2]; ++x, ++at)
        {
          image[at] = Ramp(static_cast<double>(x), static_cast<double>(y), static_cast<double>(z));
          image[Voxels(size) + at] = 100.0f - image[at];
          const auto ellipse = [&](double i, std::int64_t n) {
            return std::pow((i - 0.5 * static_cast<double>(n - 1)) / (0.4 * static_cast<double>(n)),
                            2);
          };
          const double radius = ellipse(static_cast<double>(x), size[2]) +
                                ellipse(static_cast<double>(y), size[1]) +
                                ellipse(static_cast<double>(z), size[0]);
          label[at] = radius < 0.3 ? 2 : radius < 1.0 ? 1 : 0;
          softLabel[label[at] * Voxels(size) + at] = 1.0f;
          weight[at] = 0.5f + 0.01f * static_cast<float>(x);
        }
      }
    }
    view.size = size;
    view.channels = 2;
    view.classes = 3;
    view.image = image;
    view.label = label;
    view.softLabel = softLabel;
    view.weight = weight;
  }

  static float
  Ramp(double x, double y, double z)
  {
    return static_cast<float>(3.0 + x - 2.0 * y + 0.5 * z);
  }

  std::vector<float> image;
  std::vector<std::uint8_t> label;
  std::vector<float> softLabel;
  std::vector<float> weight;
  std::vector<std::uint8_t> observed;
  VolumeView view;
};

struct Patch
{
  explicit Patch(const Size & size)
      : image(2 * Voxels(size)), label(Voxels(size), -1), softLabel(3 * Voxels(size)),
        weight(Voxels(size)), observed(new bool[Voxels(size)])
  {
    target.size = size;
    target.image = image;
    target.label = label;
    target.softLabel = softLabel;
    target.weight = weight;
    target.observed = {observed.get(), Voxels(size)};
  }

  std::vector<float> image;
  std::vector<std::int64_t> label;
  std::vector<float> softLabel;
  std::vector<float> weight;
  std::unique_ptr<bool[]> observed;
  PatchTarget target;
};

inline DrawnSpatial
DrawEverything(const Size & patch, const Triple & spacing, std::uint64_t seed)
{
  SpatialRange range;
  range.rotationProbability = range.scaleProbability = range.shearProbability =
      range.elasticProbability = 1.0;
  range.translationInMm = 3.0;
  range.rotationInDegrees = 30.0;
  range.flipAllowed = {true, false, true};
  RandomEngine random(seed);
  return DrawSpatial(range, patch, spacing, random);
}

} // namespace sulcus::spatial_sample
