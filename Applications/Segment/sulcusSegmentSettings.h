#pragma once

#include <sulcusPlan.h>
#include <sulcusReadSettings.h>
#include <sulcusSegmentInfo.h>
#include <sulcusSegmenter.h>

#include <string>
#include <vector>

namespace sulcus
{

/** What sulcus-segment is asked to do. */
struct SegmentSettings
{
  std::vector<std::string> inputs;
  std::vector<std::string> models;
  std::string output;
  std::string format = ".nii.gz";
  std::string segments; ///< metadata JSON of dcmqi; empty: labels are named by the model
  std::string html;     ///< the page; empty: none
  bool confidence = false;
  bool uncertainty = false;
  bool probabilities = false;
  bool intermediates = false;
  std::vector<double> spacingInMm; ///< x, y, z of every image; empty: as in the files
  std::string passes = "volume";
  SegmentationOptions segmentation;
  ReadSettings reading;
};

void
Describe(Parameters & visit, SegmentSettings & settings);

/** What the labels mean: as the user says, or named by the model. \throws UsageError for damaged
 * metadata */
std::vector<SegmentInfo>
SegmentsFor(const SegmentSettings & settings, const Plan & plan);

} // namespace sulcus
