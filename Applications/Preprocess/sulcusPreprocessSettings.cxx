#include "sulcusPreprocessVolume.h"
#include <sulcusError.h>
#include <sulcusNyul.h>

namespace sulcus
{

void
CheckPreprocessVolume(const PreprocessVolumeOptions & o)
{
  const bool spatial =
      !o.orientation.empty() || !o.spacing.empty() || o.crop || !o.pad.empty() || !o.plan.empty();
  const bool intensity =
      o.biasField || o.normalise != "none" || o.clipLow > 0.0 || o.clipHigh < 100.0;
  if (!o.undo.empty() && (spatial || intensity || !o.reference.empty() || !o.writeUndo.empty()))
  {
    throw UsageError("--undo goes alone: it brings the input back and does nothing else");
  }
  if (!o.reference.empty() && (spatial || intensity || !o.writeUndo.empty()))
  {
    throw UsageError(
        "--reference_image goes alone: the reference image fixes the whole grid, and there "
        "is no record of it");
  }
  if (o.labels && intensity)
  {
    throw UsageError("--labels: a label map has no intensities to correct, clip or normalise");
  }
  if (o.labels && o.crop && o.mask.empty())
  {
    throw UsageError("--labels with --crop needs --mask, the foreground to crop to");
  }
  if (!o.plan.empty() && (!o.orientation.empty() || !o.spacing.empty() || o.crop || intensity))
  {
    throw UsageError(
        "--plan fixes orientation, spacing, crop and normalisation; leave those options out");
  }
  if (!o.spacing.empty() && o.spacing.size() != 1 && o.spacing.size() != 3)
  {
    throw UsageError(
        Message("--spacing: got ", o.spacing.size(), " numbers, need one or three (x, y, z)"));
  }
  if (!o.pad.empty() && o.pad.size() != 3)
  {
    throw UsageError(Message("--pad: got ", o.pad.size(), " numbers, need three (x, y, z)"));
  }
  if (o.clipLow >= o.clipHigh)
  {
    throw UsageError(Message("--clip_low ", o.clipLow, " is not below --clip_high ", o.clipHigh));
  }
  if (o.normalise == "nyul" && o.landmarks.size() != NyulPercentiles().size())
  {
    throw UsageError(Message("--landmarks: got ",
                             o.landmarks.size(),
                             " numbers, need ",
                             NyulPercentiles().size(),
                             " for --normalise nyul"));
  }
}

void
Describe(Parameters & visit, PreprocessVolumeOptions & o)
{
  visit("input", o.input, "Volume to work on: a file, or a folder with one DICOM series.")
      .Kind(ParameterKind::InputImage)
      .Required()
      .Positional();
  visit("output", o.output, "Volume to write.")
      .Kind(ParameterKind::OutputImage)
      .Required()
      .Positional()
      .Short('o');
  visit("labels", o.labels, "The input is a label map: values are moved, never mixed.");
  visit(
      "mask", o.mask, "Foreground for crop, statistics and bias field; found by itself without it.")
      .Kind(ParameterKind::InputLabelMap);
  visit("plan", o.plan, "Do what this plan (JSON) says instead of the steps below.")
      .Kind(ParameterKind::InputFile);
  visit("channel", o.channel, "With --plan: which of its channels the input is, counted from 1.")
      .Range(1);
  visit.Group("Reading");
  visit("series",
        o.series,
        "Which series of a DICOM folder: UID, number, or #2 for the second listed.");
  visit(
      "volume", o.volume, "Which volume of a 4-D file, counted from 0; -1: the file must hold one.")
      .Range(-1);
  visit("resample_irregular",
        o.resampleIrregular,
        "Put tilted or unevenly spaced DICOM slices on a regular grid.");
  visit("fix_nonorthogonal", o.fixNonOrthogonal, "Replace sheared axes by the nearest rotation.");
  visit("allow_missing_geometry",
        o.allowMissingGeometry,
        "Accept a file that does not say where its voxels are.");
  visit.Group("Space");
  visit("orientation",
        o.orientation,
        "Body sides towards which x, y and z shall run, e.g. LPS or RAS.");
  visit("spacing", o.spacing, "New spacing in mm, one number or x,y,z; 0 keeps an axis.").Range(0);
  visit(
      "reference_image", o.reference, "Resample to the grid of this volume; nothing else is done.")
      .Kind(ParameterKind::InputImage);
  visit("interpolation", o.interpolation, "Of intensities.")
      .Choices({"nearest", "linear", "cubic"});
  visit("label_interpolation",
        o.labelInterpolation,
        "Of labels: the nearest voxel, or a weighted vote of those around.")
      .Choices({"nearest", "vote"});
  visit("crop", o.crop, "Crop to the foreground.");
  visit("crop_margin", o.cropMargin, "Tissue kept around the foreground, in mm.").Range(0);
  visit("pad", o.pad, "Voxels of value 0 added on both sides of x,y,z, last of all.").Range(0);
  visit.Group("Intensity");
  visit("bias_field", o.biasField, "Correct the bias field (N4).");
  visit("shrink_factor",
        o.shrinkFactor,
        "The bias field is estimated on a copy shrunk by this factor.")
      .Range(1, 16)
      .Advanced();
  visit("normalise", o.normalise, "Bring intensities of the foreground to a common scale.")
      .Choices({"none", "z_score", "percentile", "nyul"});
  visit("clip_low", o.clipLow, "Clip below this percentile of the foreground.").Range(0, 100);
  visit("clip_high", o.clipHigh, "Clip above this percentile of the foreground.").Range(0, 100);
  visit("landmarks",
        o.landmarks,
        "Standard scale for --normalise nyul: values for percentiles 1,10,20,...,90,99.");
  visit.Group("Way back");
  visit("write_undo", o.writeUndo, "Record of the spatial steps to write (JSON).")
      .Kind(ParameterKind::OutputFile);
  visit("undo", o.undo, "Bring the input back to the grid that this record started from.")
      .Kind(ParameterKind::InputFile);
}

} // namespace sulcus
