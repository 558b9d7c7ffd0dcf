#pragma once

#include "sulcusSafeRead.h"
#include <sulcusParameters.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sulcus
{

/** The choices of ReadOptions as a program offers them. */
struct ReadSettings
{
  std::string niftiXform = "sform";
  std::string series;
  std::int64_t volume = -1;
  std::string reference;
  std::vector<std::string> only;
  bool fixNonorthogonal = false;
  double maximumFixAngle = 10.0;
  bool resampleIrregular = false;
  bool assumeGeometry = false;
  bool zeroNonFinite = false;
};

/** Describes those that matter for images under the title "Reading". */
void
DescribeImageReading(Parameters & visit, ReadSettings & settings);

/** Describes all of them: segmentations are read as well. */
void
Describe(Parameters & visit, ReadSettings & settings);

ReadOptions
ToReadOptions(const ReadSettings & settings);

} // namespace sulcus
