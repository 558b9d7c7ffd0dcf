#pragma once

#include "sulcusCasePool.h"
#include "sulcusPartitions.h"
#include "sulcusPatchSource.h"

#include <map>
#include <optional>

namespace sulcus
{

/** What all streams of a source share. */
struct SamplerContext
{
  std::shared_ptr<const PreparedCache> cache;
  CaseSelection selection;
  Plan plan;
  DatasetOptions options;
};

/** Makes one named stream (or its views) of a batch. Thread-safe. */
class StreamSampler
{
public:
  StreamSampler(const SamplerContext & context, StreamRule rule);

  void
  AddTo(Batch & batch, const RandomEngine & random, std::int64_t step) const;

private:
  using Size = std::array<std::int64_t, 3>;

  /** Where one sample comes from. */
  struct Place
  {
    std::size_t caseIndex = 0;
    Size begin{}; ///< first voxel of the patch; may lie outside the volume
    std::int64_t partition = -1;
    double position = 0.0;
  };

  void
  CheckRule() const;
  void
  CheckCases();
  std::vector<Place>
  DrawPlaces(const RandomEngine & random, std::int64_t step) const;
  std::vector<Place>
  DrawPartitionedPlaces(const RandomEngine & random) const;
  Size
  DrawBegin(std::size_t caseIndex, bool onForeground, RandomEngine & random) const;
  std::int64_t
  DrawBeginInPartition(const AnatomicalExtent & extent, int partition, RandomEngine & random) const;
  Stream
  Allocate(const std::vector<Place> & places) const;
  DrawnAugmentation
  Draw(const Place & place, std::size_t view, const RandomEngine & random) const;
  void
  Fill(Stream & stream,
       std::size_t sample,
       const Place & place,
       const PreparedVolume & volume,
       const DrawnAugmentation & drawn,
       const ResampleMap & map) const;
  void
  CompleteLabels(Stream & stream, std::size_t sample, const PreparedVolume & volume) const;

  const SamplerContext & m_Context;
  StreamRule m_Rule;
  CaseRound m_Round;
  ForegroundVoxels m_Foreground;
  Size m_PatchSize;
  std::vector<AugmentationOptions> m_Augmentation; ///< one a view
  std::map<std::size_t, AnatomicalExtent> m_Extents;
  std::size_t m_Samples;
  bool m_HasLabel = false;
  bool m_HasSoftLabel = false;
  bool m_HasWeight = false;
  bool m_HasObserved = false;
};

} // namespace sulcus
