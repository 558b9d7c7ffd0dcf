#pragma once

#include <sulcusApplication.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sulcus
{

/** What `sulcus-preprocess` can be told. Every step is off unless asked for. */
struct PreprocessVolumeOptions
{
  std::string input;
  std::string output;
  bool labels = false;
  std::string labelInterpolation = "nearest";
  std::string mask;
  std::string plan;
  std::string series;
  std::int64_t volume = -1;
  bool resampleIrregular = false;
  bool fixNonOrthogonal = false;
  bool allowMissingGeometry = false;
  std::string orientation;
  std::vector<double> spacing;
  std::string reference;
  std::string interpolation = "cubic";
  bool crop = false;
  double cropMargin = 0.0;
  std::vector<std::int64_t> pad;
  bool biasField = false;
  int shrinkFactor = 4;
  std::string normalise = "none";
  double clipLow = 0.0;
  double clipHigh = 100.0;
  std::vector<double> landmarks;
  int channel = 1;
  std::string writeUndo;
  std::string undo;
};

void
Describe(Parameters & visit, PreprocessVolumeOptions & options);

/** \throws UsageError for steps that contradict each other. */
void
CheckPreprocessVolume(const PreprocessVolumeOptions & options);

/** Reads, checks, works and writes. \throws UsageError for steps that contradict each other, before
 * anything is read. */
void
PreprocessVolume(const PreprocessVolumeOptions & options, RunContext & context);

} // namespace sulcus
