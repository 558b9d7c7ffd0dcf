#pragma once

#include "sulcusAnnotatorForest.h"
#include "sulcusGraphCutConsensus.h"

#include <set>

namespace sulcus
{

/** Collects training voxels of some annotators scan by scan, then trains a forest for each. */
class AnnotatorForestTrainer
{
public:
  /** \param annotators whom forests are wanted for; others are passed over */
  explicit AnnotatorForestTrainer(std::set<std::string> annotators)
      : m_Wanted(std::move(annotators))
  {
  }

  /** Takes up to `max_samples` voxels of every wanted annotator who drew in this scan. \param names
   * of the annotators of the block; \param result of the consensus on it: the weights. Does nothing
   * without an image or with more than 255 labels. */
  void
  AddScan(const AnnotationBlock & block,
          const ConsensusResult & result,
          const std::vector<std::string> & names,
          const ConsensusOptions & options);

  /** One forest for each annotator seen; at most four times `max_samples` voxels are used, and none
   * is trained for an annotator with fewer than two or more than 255 labels. */
  AnnotatorForests
  Train(const ConsensusOptions & options) const;

private:
  struct Collected
  {
    std::vector<float> features;
    std::vector<std::int64_t> labels;
    double weightSum = 0.0;
    std::size_t scans = 0;
  };

  std::set<std::string> m_Wanted;
  std::size_t m_FeatureCount = 0;
  std::map<std::string, Collected> m_Collected;
};

} // namespace sulcus
