#include "sulcusViewPatch.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{

std::array<std::int64_t, 3>
ViewPatch(const Plan & plan, double fraction)
{
  auto patch = plan.patchSize;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    std::int64_t stride = 1;
    for (const auto & level : plan.network.strides)
    {
      stride *= level[axis];
    }
    const auto strides = static_cast<std::int64_t>(
        std::llround(fraction * static_cast<double>(patch[axis]) / static_cast<double>(stride)));
    patch[axis] = std::min(patch[axis], stride * std::max<std::int64_t>(2, strides));
  }
  return patch;
}

} // namespace sulcus
