#pragma once

#include <sulcusReadSettings.h>
#include <sulcusRunRecord.h>
#include <sulcusSlicePainter.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Files that are drawn over each other; only the image must be there. */
struct LayerFiles
{
  std::string image;
  std::string labels;
  std::string reference;
  std::vector<std::string> annotators;
  std::vector<std::string> annotatorNames; ///< empty: "ANNOTATOR 1" and so on
  std::string uncertainty;
  int missingLabel = -1;
};

/** Describes them; the image is the first positional parameter. */
void
Describe(Parameters & visit, LayerFiles & files);

/** The images behind `layers`, which point into them. */
struct LoadedLayers
{
  FloatImage::Pointer image;
  FloatImage::Pointer uncertainty;
  LabelImage::Pointer labels;
  LabelImage::Pointer reference;
  std::vector<LabelImage::Pointer> annotators;
  SliceLayers layers;
};

/** Reads everything, adds it to the record's inputs and logs what was guessed. DICOM segmentations
 * are put on the image's grid. \throws InputError, GeometryError as SafeRead; UsageError for
 * a number of names that is not that of the annotators; GeometryError, naming the files, for
 * layers on different grids */
LoadedLayers
LoadLayers(const LayerFiles & files, const ReadSettings & settings, RunRecord & record);

/** What LoadLayers would refuse, as far as headers tell. */
void
CheckLayers(const LayerFiles & files, const ReadSettings & settings);

} // namespace sulcus
