#pragma once

#include <sulcusPlan.h>

#include <array>
#include <cstdint>

namespace sulcus
{

/** Patch that a contrastive method looks at, in voxels z, y, x: about `fraction` of each edge of
 * the plan's patch, in whole strides of the network and at least two of them, never larger than the
 * plan's. A patch that nearly fills a volume has the same content wherever it is centred; smaller
 * ones differ by place, which is what the contrast teaches, and cost less by the cube of the
 * fraction. \param fraction in (0, 1]; 1 is the plan's patch. */
std::array<std::int64_t, 3>
ViewPatch(const Plan & plan, double fraction);

} // namespace sulcus
