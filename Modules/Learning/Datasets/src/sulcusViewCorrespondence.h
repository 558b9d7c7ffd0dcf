#pragma once

#include <sulcusBatch.h>
#include <sulcusResampling.h>
#include <sulcusSamplingRule.h>

namespace sulcus
{

/** Writes where the voxels of view 1 lie in another view of the same patch into the other view's
 * `extra`. */
void
AddCorrespondence(Stream & view,
                  std::size_t samples,
                  std::size_t sample,
                  Correspondence kind,
                  const std::array<std::int64_t, 3> & patchSize,
                  const ResampleMap & mapOfView1,
                  const ResampleMap & mapOfThisView);

} // namespace sulcus
