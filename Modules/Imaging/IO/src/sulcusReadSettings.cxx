#include "sulcusReadSettings.h"

namespace sulcus
{

void
DescribeImageReading(Parameters & visit, ReadSettings & settings)
{
  visit.Group("Reading");
  visit("nifti_xform",
        settings.niftiXform,
        "Which matrix of a NIfTI file counts where the two disagree: sform or qform (with a "
        "warning), itk (as ITK 5.2 "
        "chooses), error (refuse).")
      .Choices({"sform", "qform", "itk", "error"});
  visit("series",
        settings.series,
        "Series of a DICOM folder: its UID, its number, or #2 for the second that --list shows.");
  visit("volume",
        settings.volume,
        "Volume of a file that holds several, counted from 0; -1: there is only one.")
      .Range(-1);
  visit("fix_nonorthogonal",
        settings.fixNonorthogonal,
        "Replace axes that are not at right angles by the nearest rotation; the displacement is "
        "stated in mm.");
  visit("maximum_fix_angle",
        settings.maximumFixAngle,
        "Largest turn of an axis in degrees that --fix_nonorthogonal may make.")
      .Range(0, 45)
      .Advanced();
  visit("resample_irregular",
        settings.resampleIrregular,
        "Put DICOM slices that lean or are unevenly spaced on a regular grid; the displacement is "
        "stated in mm.");
  visit("assume_geometry",
        settings.assumeGeometry,
        "Accept a file without orientation as if its axes ran left, posterior, superior; left and "
        "right are then a guess.");
  visit("zero_nonfinite",
        settings.zeroNonFinite,
        "Set NaN and infinite voxels to 0 instead of refusing the file.");
}

void
Describe(Parameters & visit, ReadSettings & settings)
{
  DescribeImageReading(visit, settings);
  visit("reference",
        settings.reference,
        "Image whose grid the contours of an RTSTRUCT are drawn on and a DICOM SEG is put on.")
      .Kind(ParameterKind::InputImage);
  visit(
      "only",
      settings.only,
      "Names of the segments or structures of a segmentation to read; default: all. One label map "
      "cannot hold segments that overlap, and this chooses among them.");
}

ReadOptions
ToReadOptions(const ReadSettings & settings)
{
  ReadOptions options;
  options.niftiTransform = settings.niftiXform == "qform"   ? NiftiTransform::QForm
                           : settings.niftiXform == "itk"   ? NiftiTransform::Itk
                           : settings.niftiXform == "error" ? NiftiTransform::Refuse
                                                            : NiftiTransform::SForm;
  options.series = settings.series;
  if (settings.volume >= 0)
  {
    options.volume = static_cast<std::uint64_t>(settings.volume);
  }
  options.reference = settings.reference;
  options.only = settings.only;
  options.fixNonOrthogonal = settings.fixNonorthogonal;
  options.maximumFixAngleInDegrees = settings.maximumFixAngle;
  options.resampleIrregular = settings.resampleIrregular;
  options.allowMissingGeometry = settings.assumeGeometry;
  options.nonFinite = settings.zeroNonFinite ? NonFinite::Zero : NonFinite::Refuse;
  return options;
}

} // namespace sulcus
