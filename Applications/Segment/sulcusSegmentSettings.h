#pragma once

#include <sulcusReadSettings.h>
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

} // namespace sulcus
