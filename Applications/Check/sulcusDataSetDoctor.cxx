#include "sulcusDataSetDoctor.h"

#include "sulcusCaseSummary.h"
#include <sulcusDicomRead.h>
#include <sulcusError.h>

#include <algorithm>

namespace sulcus
{

namespace
{

constexpr double LargestRoundingInMm = 0.1;

void
Add(std::vector<Finding> & findings,
    Severity severity,
    const std::string & check,
    const std::string & subject,
    const std::string & what,
    const std::string & mend)
{
  findings.push_back({severity, check, subject, what, mend});
}

/** What was guessed while a file was read. Rounding in a header is no fault, and neither is a unit
 * left out where everybody means mm. */
void
NoteWarnings(const Loaded<FloatImage> & loaded,
             const std::string & name,
             std::vector<Finding> & findings)
{
  for (const auto & warning : loaded.warnings)
  {
    const auto says = [&](const char * text) { return warning.find(text) != std::string::npos; };
    const bool shear = says("right angles");
    const bool geometry = shear || says("sform") || says("pixdim") || says("no geometry");
    const bool unit = says("unit") || says("metres");
    const bool rounding = shear && loaded.header.repairedResidualInMm < LargestRoundingInMm;
    const bool fault = (geometry && !rounding) || says("metres");
    Add(findings,
        fault ? Severity::Fault : Severity::Note,
        unit       ? "units"
        : geometry ? "geometry"
                   : "reading",
        name,
        warning,
        geometry ? "sulcus-convert IMAGE FIXED.nii.gz --nifti_xform sform (or qform), then compare "
                   "with the original"
                 : "sulcus-convert IMAGE FIXED.nii.gz");
  }
}

/** What mends a file that could not be read. */
std::string
MendOf(const Error & error, const std::string & path)
{
  switch (error.Code())
  {
  case ExitCode::Usage:
    return "sulcus-convert FILE --list shows what it holds; then choose with --series, --volume or "
           "--only";
  case ExitCode::GeometryRefused:
    return IsDicomPath(path) ? "sulcus-convert FILE FIXED.nii.gz --resample_irregular"
                             : "sulcus-convert FILE FIXED.nii.gz --fix_nonorthogonal";
  default:
    return "fetch the file again";
  }
}

/** Labels on the grid of their image, or nothing and the finding why. */
LabelImage::Pointer
ReadOnGrid(const std::string & path,
           const DataSetCase & one,
           const FloatImage * image,
           const ReadOptions & options,
           std::vector<Finding> & findings)
{
  try
  {
    auto labelOptions = options;
    labelOptions.reference = one.images.front();
    const auto labels = ReadLabels(path, labelOptions).image;
    RequireSameGrid(image, labels, "its image", path);
    return labels;
  }
  catch (const GeometryError & error)
  {
    Add(findings,
        Severity::Fault,
        "grid",
        one.name,
        error.what(),
        "sulcus-preprocess LABEL FIXED --labels --reference_image IMAGE");
  }
  catch (const Error & error)
  {
    const bool fraction = std::string(error.what()).find("no label") != std::string::npos;
    Add(findings,
        Severity::Fault,
        fraction ? "interpolated label" : "unreadable",
        one.name,
        error.what(),
        fraction ? "resample the original label again, nearest neighbour" : MendOf(error, path));
  }
  return nullptr;
}

void
ExamineLabel(const DataSetCase & one,
             const LabelImage * label,
             CaseSummary & summary,
             std::vector<Finding> & findings)
{
  SummariseLabel(label, summary);
  if (summary.labelVoxels.empty())
  {
    Add(findings,
        Severity::Fault,
        "empty label",
        one.name,
        "the label map has no labelled voxel",
        "remove the label, or draw it");
  }
  if (const auto value = InterpolatedValue(label, summary))
  {
    Add(findings,
        Severity::Fault,
        "interpolated label",
        one.name,
        Message("value ", *value, " occurs almost only between two other values"),
        "resample the original label again: sulcus-preprocess keeps labels whole");
  }
}

/** The first channel; all others must lie on its grid. */
FloatImage::Pointer
ReadChannels(const DataSetCase & one, const ReadOptions & options, std::vector<Finding> & findings)
{
  FloatImage::Pointer first;
  for (const auto & path : one.images)
  {
    try
    {
      const auto loaded = ReadImage(path, options);
      NoteWarnings(loaded, one.name, findings);
      if (first.IsNull())
      {
        first = loaded.image;
      }
      else if (!SameGrid(GridOf(first.GetPointer()), GridOf(loaded.image.GetPointer())))
      {
        Add(findings,
            Severity::Fault,
            "grid",
            one.name,
            path + ": is not on the grid of its first channel",
            "sulcus-preprocess CHANNEL FIXED --reference_image FIRST_CHANNEL");
      }
    }
    catch (const Error & error)
    {
      const bool isGeometry = error.Code() == ExitCode::GeometryRefused;
      Add(findings,
          Severity::Fault,
          isGeometry ? "grid" : "unreadable",
          one.name,
          error.what(),
          MendOf(error, path));
    }
  }
  return first;
}

void
ExamineCase(const DataSetCase & one,
            const ReadOptions & options,
            CaseSummary & summary,
            std::vector<Finding> & findings)
{
  summary.name = one.name;
  const auto image = ReadChannels(one, options, findings);
  if (image.IsNull())
  {
    return;
  }
  summary.readable = true;
  SummariseImage(image, summary);
  const auto * const begin = image->GetBufferPointer();
  const auto count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  if (std::all_of(begin, begin + count, [&](float v) { return v == *begin; }))
  {
    Add(findings,
        Severity::Fault,
        "constant image",
        one.name,
        Message("every voxel is ", *begin),
        "remove the case");
  }
  if (!one.label.empty())
  {
    if (const auto label = ReadOnGrid(one.label, one, image, options, findings); label.IsNotNull())
    {
      ExamineLabel(one, label, summary, findings);
    }
  }
  for (const auto & [annotator, path] : one.annotations)
  {
    ReadOnGrid(path, one, image, options, findings);
  }
}

} // namespace

std::vector<Finding>
ExamineDataSet(const DataSet & set,
               const ReadOptions & options,
               std::vector<CaseSummary> & summaries,
               const std::function<void(std::size_t, const std::string &)> & progress)
{
  std::vector<Finding> findings;
  CheckNames(set, findings);
  summaries.resize(set.cases.size());
  for (std::size_t i = 0; i < set.cases.size(); ++i)
  {
    ExamineCase(set.cases[i], options, summaries[i], findings);
    progress(i + 1, set.cases[i].name);
  }
  CompareCases(set, summaries, findings);
  return findings;
}

} // namespace sulcus
