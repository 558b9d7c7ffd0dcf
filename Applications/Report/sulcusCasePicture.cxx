#include "sulcusCasePicture.h"

#include <sulcusMosaic.h>
#include <sulcusSafeRead.h>

namespace sulcus
{

std::vector<std::byte>
CasePicture(const ReportedCase & reported)
{
  const auto image = ReadImage(reported.image.string()).image;
  const auto reference = ReadLabels(reported.reference.string()).image;
  LabelImage::Pointer prediction;
  if (std::filesystem::exists(reported.prediction))
  {
    prediction = ReadLabels(reported.prediction.string()).image;
  }
  SliceLayers layers;
  layers.image = image;
  layers.labels = prediction;
  layers.reference = reference;
  MosaicOptions options;
  options.slices = 4;
  options.tile = 150;
  options.greyLevels = 24; // a third of the bytes, and still a picture
  options.title = reported.id;
  return MosaicPng(layers, options);
}

} // namespace sulcus
