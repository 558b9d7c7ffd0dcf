#include "sulcusSegmentSettings.h"

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

} // namespace sulcus
