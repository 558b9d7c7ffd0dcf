#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** Patches that belong together: N samples of one kind. Undefined tensors: not present. */
struct Stream
{
  torch::Tensor image;     ///< float [N, C, z, y, x]
  torch::Tensor label;     ///< int64 [N, z, y, x], class indices; undefined for unlabelled streams
  torch::Tensor softLabel; ///< float [N, K, z, y, x]
  torch::Tensor weight;    ///< float [N, z, y, x]
  torch::Tensor observed;  ///< bool [N, z, y, x]; false = label unknown
  torch::Tensor millimetreFromVoxel;   ///< double [N, 3, 4]: patch voxel (x, y, z) before
                                       ///< augmentation -> LPS mm
  std::vector<std::int64_t> caseIndex; ///< N positions in the cache
  std::map<std::string, torch::Tensor>
      extra; ///< what an objective's sampling rule adds, e.g. partitions or correspondences

  Stream
  To(const torch::Device & device) const;

  /** Distance of neighbouring voxels of a sample along z, y, x, before augmentation; 1 where the
   * stream carries no geometry. */
  std::array<double, 3>
  SpacingInMm(std::int64_t sample) const;
};

/** Named streams of one training step, e.g. "labelled", "unlabelled", "view1", "view2". */
struct Batch
{
  std::int64_t step = 0;
  std::map<std::string, Stream> streams;

  /** \throws UsageError naming the streams there are. */
  const Stream &
  Require(const std::string & name) const;
  Batch
  To(const torch::Device & device) const;
};

/** Where a trainer gets its batches. The batch of a step is a function of seed and step alone, so a
 * resumed run needs nothing but the step number, and prefetching threads cannot change a result. */
class BatchSource
{
public:
  virtual ~BatchSource() = default;

  /** Steps are asked for in increasing order. */
  virtual Batch
  At(std::int64_t step) = 0;
};

} // namespace sulcus
