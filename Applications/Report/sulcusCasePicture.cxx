#include "sulcusCasePicture.h"

#include <sulcusDeclaredLabels.h>
#include <sulcusMosaic.h>
#include <sulcusSafeRead.h>

namespace sulcus
{

std::vector<SegmentInfo>
NamedLabels(const std::filesystem::path & study)
{
  std::vector<SegmentInfo> labels;
  const auto plan = study / "cache" / "plan.json";
  if (std::filesystem::exists(plan))
  {
    for (const auto & structure : ReadDeclaredLabels(plan).structures)
    {
      labels.push_back(DefaultSegment(structure.values.front()));
      labels.back().name = structure.name;
    }
  }
  return labels;
}

std::vector<std::byte>
CasePicture(const ReportedCase & reported, const std::vector<SegmentInfo> & labels)
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
  layers.segments = labels;
  MosaicOptions options;
  options.slices = 4;
  options.tile = 150;
  options.greyLevels = 24; // a third of the bytes, and still a picture
  options.title = reported.id;
  return MosaicPng(layers, options);
}

} // namespace sulcus
