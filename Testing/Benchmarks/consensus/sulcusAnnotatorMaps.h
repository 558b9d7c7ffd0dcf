#pragma once

#include <itkImage.h>

#include <cmath>
#include <cstdint>
#include <vector>

/** Label maps of made-up raters, the same bytes in every benchmark program. */
namespace maps
{

using Bytes = itk::Image<std::uint8_t, 3>;

inline std::uint32_t
Hash(std::uint32_t value)
{
  value = (value ^ (value >> 16)) * 0x7feb352dU;
  value = (value ^ (value >> 15)) * 0x846ca68bU;
  return value ^ (value >> 16);
}

/** Nested shells (label 1 inside … labels - 1 outside) around the middle of n^3 voxels. Every rater
 * moves each border by smooth waves of its own; `scatter` is the share of voxels anywhere at which
 * raters vote at random. */
inline std::vector<Bytes::Pointer>
Make(unsigned n, unsigned raters, unsigned labels, double wobble, double scatter)
{
  std::vector<Bytes::Pointer> images;
  const auto threshold = static_cast<std::uint32_t>(scatter * 4294967295.0);
  for (unsigned r = 0; r < raters; ++r)
  {
    auto image = Bytes::New();
    image->SetRegions(Bytes::SizeType{{n, n, n}});
    image->Allocate();
    auto * buffer = image->GetBufferPointer();
    const float phase = 1.7F * float(r);
    for (unsigned z = 0; z < n; ++z)
    {
      for (unsigned y = 0; y < n; ++y)
      {
        const float dy = float(y) - 0.5F * float(n);
        const float dz = float(z) - 0.5F * float(n);
        const float wave = std::sin(0.11F * dy + phase) + std::sin(0.13F * dz - 2.0F * phase);
        for (unsigned x = 0; x < n; ++x)
        {
          const std::uint32_t voxel = x + n * (y + n * z);
          const float dx = float(x) - 0.5F * float(n);
          const float radius = std::sqrt(dx * dx + dy * dy + dz * dz) + float(wobble) * wave;
          const float shell = radius / (0.3F * float(n)) * float(labels - 1);
          unsigned label = shell < float(labels - 1) ? 1 + static_cast<unsigned>(shell) : 0;
          if (threshold > 0 && Hash(voxel) < threshold)
          {
            label = Hash(voxel * 64U + r) % labels;
          }
          buffer[voxel] = static_cast<std::uint8_t>(label);
        }
      }
    }
    images.push_back(image);
  }
  return images;
}

} // namespace maps
