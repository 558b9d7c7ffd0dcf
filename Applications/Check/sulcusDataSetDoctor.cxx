#include "sulcusDataSetDoctor.h"

#include <sulcusOrientImageFilter.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace sulcus
{

namespace
{

constexpr std::size_t ThumbnailEdge = 12;
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

FloatImage::Pointer
InLps(FloatImage * image)
{
  const auto orient = OrientImageFilter<FloatImage>::New();
  orient->SetInput(image);
  orient->SetOrientation("LPS");
  orient->Update();
  return orient->GetOutput();
}

/** Block means in LPS order, made comparable whatever scale and offset the intensities have. */
std::vector<float>
ThumbnailOf(const FloatImage * image)
{
  const auto size = image->GetLargestPossibleRegion().GetSize();
  const std::size_t cells = ThumbnailEdge * ThumbnailEdge * ThumbnailEdge;
  std::vector<double> sum(cells, 0.0);
  std::vector<double> count(cells, 0.0);
  const float * value = image->GetBufferPointer();
  for (std::size_t z = 0; z < size[2]; ++z)
  {
    for (std::size_t y = 0; y < size[1]; ++y)
    {
      const auto line =
          (z * ThumbnailEdge / size[2] * ThumbnailEdge + y * ThumbnailEdge / size[1]) *
          ThumbnailEdge;
      for (std::size_t x = 0; x < size[0]; ++x, ++value)
      {
        const auto cell = line + x * ThumbnailEdge / size[0];
        sum[cell] += *value;
        count[cell] += 1.0;
      }
    }
  }
  std::vector<float> thumbnail(cells);
  double mean = 0.0;
  for (std::size_t i = 0; i < cells; ++i)
  {
    sum[i] = count[i] > 0.0 ? sum[i] / count[i] : 0.0;
    mean += sum[i] / static_cast<double>(cells);
  }
  double length = 0.0;
  for (const double s : sum)
  {
    length += (s - mean) * (s - mean);
  }
  length = std::sqrt(length);
  for (std::size_t i = 0; i < cells; ++i)
  {
    thumbnail[i] = length > 0.0 ? static_cast<float>((sum[i] - mean) / length) : 0.0F;
  }
  return thumbnail;
}

double
QuantileOf(std::vector<float> & values, double level)
{
  const auto place = static_cast<std::ptrdiff_t>(level * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

void
SummariseImage(FloatImage * image, CaseSummary & summary)
{
  const auto grid = GridOf(image);
  summary.orientation = OrientationCode(grid);
  const auto lps = InLps(image);
  const auto lpsGrid = GridOf(lps.GetPointer());
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    summary.size[axis] = lpsGrid.size[axis];
    summary.spacing[axis] = lpsGrid.spacing[axis];
  }
  const auto centre = grid.PointAt(0.5 * (static_cast<double>(grid.size[0]) - 1),
                                   0.5 * (static_cast<double>(grid.size[1]) - 1),
                                   0.5 * (static_cast<double>(grid.size[2]) - 1));
  summary.centre = {centre[0], centre[1], centre[2]};
  std::vector<float> values(image->GetBufferPointer(),
                            image->GetBufferPointer() + grid.VoxelCount());
  summary.median = QuantileOf(values, 0.5);
  summary.high = QuantileOf(values, 0.99);
  summary.thumbnail = ThumbnailOf(lps);
}

/** A value whose voxels nearly all lie between a lower and a higher one is the trace of linear
 * interpolation. */
std::optional<int>
InterpolatedValue(const LabelImage * label, const CaseSummary & summary)
{
  if (summary.labelVoxels.size() < 2)
  {
    return std::nullopt;
  }
  const auto size = label->GetLargestPossibleRegion().GetSize();
  std::map<int, std::array<std::uint64_t, 2>> between; // value → voxels between others, voxels
  const auto * const values = label->GetBufferPointer();
  const std::size_t strides[3] = {1, size[0], size[0] * size[1]};
  for (std::size_t z = 1; z + 1 < size[2]; ++z)
  {
    for (std::size_t y = 1; y + 1 < size[1]; ++y)
    {
      for (std::size_t x = 1; x + 1 < size[0]; ++x)
      {
        const auto at = x + y * strides[1] + z * strides[2];
        const int value = values[at];
        bool inside = false;
        for (const auto stride : strides)
        {
          const int a = values[at - stride];
          const int b = values[at + stride];
          inside = inside || (std::min(a, b) < value && std::max(a, b) > value);
        }
        ++between[value][1];
        between[value][0] += inside ? 1 : 0;
      }
    }
  }
  for (const auto & [value, counts] : between)
  {
    if (value != 0 && counts[1] >= 10 &&
        static_cast<double>(counts[0]) >= 0.8 * static_cast<double>(counts[1]))
    {
      return value;
    }
  }
  return std::nullopt;
}

void
SummariseLabel(const LabelImage * label, CaseSummary & summary)
{
  std::map<int, std::array<double, 4>> sums;
  itk::ImageRegionConstIteratorWithIndex<LabelImage> it(label, label->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    if (it.Get() != 0)
    {
      auto & sum = sums[it.Get()];
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        sum[axis] += static_cast<double>(it.GetIndex()[axis]);
      }
      sum[3] += 1.0;
    }
  }
  const auto grid = GridOf(label);
  for (const auto & [value, sum] : sums)
  {
    const auto point = grid.PointAt(sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3]);
    summary.labelVoxels[value] = static_cast<std::uint64_t>(sum[3]);
    summary.centroids[value] = {point[0], point[1], point[2]};
  }
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

void
ExamineLabel(const DataSetCase & one,
             const FloatImage * image,
             const ReadOptions & options,
             CaseSummary & summary,
             std::vector<Finding> & findings)
{
  try
  {
    auto labelOptions = options;
    labelOptions.reference = one.images.front();
    const auto label = ReadLabels(one.label, labelOptions);
    SummariseLabel(label.image, summary);
    RequireSameGrid(image, label.image, "its image", one.label);
    if (summary.labelVoxels.empty())
    {
      Add(findings,
          Severity::Fault,
          "empty label",
          one.name,
          "the label map has no labelled voxel",
          "remove the label, or draw it");
    }
    if (const auto value = InterpolatedValue(label.image, summary))
    {
      Add(findings,
          Severity::Fault,
          "interpolated label",
          one.name,
          Message("value ", *value, " occurs almost only between two other values"),
          "resample the original label again: sulcus-preprocess keeps labels whole");
    }
  }
  catch (const GeometryError & error)
  {
    Add(findings,
        Severity::Fault,
        "grid",
        one.name,
        error.what(),
        "sulcus-preprocess LABEL FIXED --reference IMAGE --labels");
  }
  catch (const Error & error)
  {
    const bool fraction = std::string(error.what()).find("no label") != std::string::npos;
    Add(findings,
        Severity::Fault,
        fraction ? "interpolated label" : "unreadable",
        one.name,
        error.what(),
        fraction ? "resample the original label again, nearest neighbour" : "fetch the file again");
  }
}

void
ExamineCase(const DataSetCase & one,
            const ReadOptions & options,
            CaseSummary & summary,
            std::vector<Finding> & findings)
{
  summary.name = one.name;
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
      else
      {
        RequireSameGrid(first, loaded.image, "its first channel", path);
      }
    }
    catch (const GeometryError & error)
    {
      Add(findings,
          Severity::Fault,
          "grid",
          one.name,
          error.what(),
          "sulcus-convert IMAGE FIXED.nii.gz --fix_nonorthogonal");
    }
    catch (const Error & error)
    {
      Add(findings, Severity::Fault, "unreadable", one.name, error.what(), "fetch the file again");
    }
  }
  if (first.IsNull())
  {
    return;
  }
  summary.readable = true;
  SummariseImage(first, summary);
  const auto * const begin = first->GetBufferPointer();
  const auto count = first->GetLargestPossibleRegion().GetNumberOfPixels();
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
    ExamineLabel(one, first, options, summary, findings);
  }
}

} // namespace

std::vector<Finding>
ExamineDataSet(const DataSet & set,
               const ReadOptions & options,
               std::vector<CaseSummary> & summaries,
               const std::function<void(double)> & progress)
{
  std::vector<Finding> findings;
  CheckNames(set, findings);
  summaries.resize(set.cases.size());
  for (std::size_t i = 0; i < set.cases.size(); ++i)
  {
    ExamineCase(set.cases[i], options, summaries[i], findings);
    progress(static_cast<double>(i + 1) / static_cast<double>(set.cases.size()));
  }
  CompareCases(set, summaries, findings);
  return findings;
}

} // namespace sulcus
