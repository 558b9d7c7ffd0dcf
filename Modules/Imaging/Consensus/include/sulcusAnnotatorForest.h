#pragma once

#include <sulcusRandomForest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sulcus
{

/** How one annotator labels what looks alike, learnt from the scans they drew in: what they would
 * probably draw in a scan they never saw. */
struct AnnotatorForest
{
  RandomForest forest;              ///< on the features of ComputeVoxelFeatures
  std::vector<std::int64_t> labels; ///< label value of each class
  double meanWeight = 0.0;          ///< of the annotator in those scans
  double accuracy = 0.0;            ///< out-of-bag balanced accuracy
  std::size_t scans = 0;
};

using AnnotatorForests = std::map<std::string, std::shared_ptr<const AnnotatorForest>>;

} // namespace sulcus
