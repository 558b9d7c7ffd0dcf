#include "sulcusSegmentSettings.h"

#include <sulcusAtomicFile.h>
#include <sulcusCorrectionPredictor.h>

namespace sulcus
{

void
Describe(Parameters & visit, SegmentSettings & settings)
{
  visit("input", settings.inputs, "Image files, folders of images, DICOM folders, or lists.")
      .Kind(ParameterKind::InputImage)
      .Required()
      .Positional();
  visit("model", settings.models, "Model files; several are averaged.")
      .Kind(ParameterKind::InputFile)
      .Required()
      .Short('m');
  visit("output",
        settings.output,
        "Label map of a single case (a name with an image ending, or .dcm for a DICOM SEG), else a "
        "folder for all.")
      .Kind(ParameterKind::OutputLabelMap)
      .Required()
      .Short('o');
  visit("format", settings.format, "Ending of the files in an output folder.")
      .Choices({".nii.gz", ".nii", ".nrrd", ".seg.nrrd", ".mha", ".dcm"});
  visit("segments",
        settings.segments,
        "Names, codes and colours of labels for .dcm and .seg.nrrd: the metadata JSON of dcmqi. "
        "Without it the model's label names are used.")
      .Kind(ParameterKind::InputFile);
  visit.Group("Also write");
  visit(
      "html",
      settings.html,
      "A page to look at (.html) that opens offline: of each case its picture, volumes, notes and "
      "a link to the result; failed cases with their reason.")
      .Kind(ParameterKind::OutputFile);
  visit("confidence", settings.confidence, "Probability of the chosen label: <case>_confidence.");
  visit("uncertainty", settings.uncertainty, "Entropy from 0 (certain) to 1: <case>_uncertainty.");
  visit("probabilities",
        settings.probabilities,
        "One volume a label: <case>_probability_<label>. Needs labels × volume of memory.");
  visit("intermediates",
        settings.intermediates,
        "Of a correction model, what its two passes saw and made: <case>_coarse, _mask, _erased, "
        "_repainted, _refined.")
      .Advanced();
  visit.Group("Prediction");
  visit("passes",
        settings.passes,
        "Of a correction model: the coarse pass over the whole volume first, both passes in each "
        "window, or the coarse pass alone.")
      .Choices(CorrectionPassesNames())
      .Advanced();
  Describe(visit, settings.segmentation);
  DescribeImageReading(visit, settings.reading);
  visit("spacing",
        settings.spacingInMm,
        "Voxel spacing in mm (x,y,z of the files) that replaces a lost one in every image. Results "
        "keep the grid that the file states, so that they lie on the image.");
}

std::vector<SegmentInfo>
SegmentsFor(const SegmentSettings & settings, const Plan & plan)
{
  if (!settings.segments.empty())
  {
    return ParseSegmentationJson(ReadTextFile(settings.segments), settings.segments).segments;
  }
  std::vector<SegmentInfo> segments;
  for (const auto & label : plan.labels)
  {
    if (label.value > 0 && label.value <= 65535)
    {
      segments.push_back(DefaultSegment(static_cast<std::uint16_t>(label.value)));
      segments.back().name = label.name;
    }
  }
  return segments;
}

} // namespace sulcus
