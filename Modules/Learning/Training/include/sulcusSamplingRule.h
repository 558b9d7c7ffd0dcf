#pragma once

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

/** One named stream of a batch. */
struct StreamRule
{
  std::string name; ///< "labelled", "unlabelled", …
  CasePool pool = CasePool::Labelled;
  int samples = 2;                  ///< patches a step
  double foregroundFraction = 0.33; ///< of labelled patches, centred on a labelled structure
  bool differentCases = false;      ///< no case twice in one batch
  int views = 1; ///< >1: streams "<name>1", "<name>2", … show the same patches, drawn anew
  std::string augmentation = "full"; ///< "none", "weak" (geometry only) or "full"
};

/** What an objective wants to see in every step. `Datasets` turns it into a BatchSource. */
struct SamplingRule
{
  std::vector<StreamRule> streams;
};

} // namespace sulcus
