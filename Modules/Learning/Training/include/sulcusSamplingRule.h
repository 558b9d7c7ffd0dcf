#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sulcus
{

/** Cases that a stream draws from. */
enum class CasePool
{
  Labelled,
  Unlabelled, ///< cases without a label
  All         ///< every training case; labels are not handed out
};

/** Whether the views of a stream carry a map from one to the other. */
enum class Correspondence
{
  None,
  Affine, ///< extra["fromView1"]: double [N, 3, 4], voxel (x, y, z) of view 1 -> voxel of this
          ///< view; needs an augmentation without deformation
  Dense   ///< extra["positionOfView1"]: float [N, 3 (x, y, z), z, y, x], where each voxel of view 1
          ///< lies in this view, in its voxels
};

/** Patches from different volumes and balanced parts along an anatomical axis, for global
 * contrastive learning (Chaitanya et al. 2020, with sub-volumes instead of slices). */
struct PartitionRule
{
  int volumes = 0;     ///< different subjects in a batch; 0: no partitions
  int partitions = 4;  ///< one patch of each part from each volume
  int axis = 2;        ///< 0: to the left, 1: to the back, 2: to the head
  double guard = 0.05; ///< part of the extent left out about every inner boundary
};

/** One named stream of a batch. */
struct StreamRule
{
  std::string name; ///< "labelled", "unlabelled", …
  CasePool pool = CasePool::Labelled;
  int samples = 2;                  ///< patches a step
  double foregroundFraction = 0.33; ///< of labelled patches, centred on a labelled structure
  bool differentCases = false;      ///< no subject twice in one batch
  int views = 1; ///< >1: streams "<name>1", "<name>2", … show the same patches, drawn anew
  std::string augmentation = "full"; ///< "none", "weak" (geometry only), "full" or another name of
                                     ///< NamedAugmentation
  std::vector<std::string> viewAugmentation; ///< one a view, instead of `augmentation`
  bool sharedGeometry = false; ///< all views of a patch get the first view's spatial transform
  Correspondence correspondence = Correspondence::None;
  PartitionRule
      partition; ///< with volumes > 0, `samples` is volumes × partitions, volume by volume;
                 ///< extra: "partition" int64 [N], "position" double [N] in [0, 1)
  std::array<std::int64_t, 3> patchSize{0, 0, 0}; ///< z, y, x; 0: the plan's
};

/** What an objective wants to see in every step. `Datasets` turns it into a BatchSource. */
struct SamplingRule
{
  std::vector<StreamRule> streams;
};

} // namespace sulcus
