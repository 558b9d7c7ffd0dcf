#pragma once

#include "sulcusStudySettings.h"
#include <sulcusDataset.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** The data set of a study after the split: which files play which part. */
struct StudyData
{
  Dataset dataset;                  ///< test cases included; withheld labels are gone
  std::size_t labelled = 0;         ///< training cases with a label
  std::size_t fused = 0;            ///< training cases that get theirs from annotators
  std::size_t unlabelled = 0;       ///< training cases that stay without
  std::string evaluateOn;           ///< "test", "validation", or empty: nothing can be scored
  std::uint64_t trainingVoxels = 0; ///< of training and validation cases, over all channels
  std::uint64_t segmentVoxels = 0;  ///< of the cases to segment, one channel
  std::uint64_t largestVoxels = 0;  ///< of any case
  std::size_t segmentCases = 0;
  std::size_t evaluateCases = 0;
  std::vector<std::string> evaluatedIds;

  // Files of the data stage, paths relative to the folder `data` of the study.
  std::string manifest;    ///< manifest.tsv: every case, for check, consensus and prepare
  std::string description; ///< dataset.json: labels and channels
  std::string segment;     ///< segment.tsv: cases to segment
  std::string references;  ///< references.tsv: labels of the cases that are scored

  // The same files relative to the study's folder, by who reads them.
  std::vector<std::string> allFiles;
  std::vector<std::string> fusionFiles;
  std::vector<std::string> trainingFiles;
  std::vector<std::string> segmentFiles;
  std::vector<std::string> referenceFiles;
};

/** Parameters of sulcus-prepare that say what the data set is; the study answers them itself. */
const std::set<std::string> &
DataParameters();

/** Lists the data set, applies the split and reads every image's header. \param folder  of the
 * study. \throws what ReadDataset, ApplySplit and ReadHeader throw */
StudyData
ReadStudyData(const StudySettings & settings, const std::filesystem::path & folder);

/** Writes the four files into `<folder>/data`. */
void
WriteStudyData(const StudyData & data, const std::filesystem::path & folder);

} // namespace sulcus
