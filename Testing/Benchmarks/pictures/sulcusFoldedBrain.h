#pragma once

#include <sulcusImageGrid.h>

#include <cmath>
#include <cstdlib>

namespace sulcus
{

/** A folded ellipsoid of the size of a brain (about 1.3 litres) in 256 x 256 x 256 mm. */
inline LabelImage::Pointer
FoldedBrain()
{
  ImageGrid grid;
  grid.size = {{256, 256, 256}};
  const auto labels = NewImage<LabelImage>(grid);
  auto * voxel = labels->GetBufferPointer();
  for (int z = 0; z < 256; ++z)
  {
    for (int y = 0; y < 256; ++y)
    {
      for (int x = 0; x < 256; ++x, ++voxel)
      {
        const double r = std::hypot((x - 127.5) / 66.0, (y - 127.5) / 80.0, (z - 127.5) / 60.0);
        const double fold = 0.035 * std::sin(x * 0.4) * std::sin(y * 0.37) * std::sin(z * 0.43);
        *voxel = r + fold < 1.0 ? (std::abs(x - 127.5) < 20 && r < 0.3 ? 2 : 1) : 0;
      }
    }
  }
  return labels;
}

} // namespace sulcus
