#include "sulcusDicomVolume.h"

#include "sulcusDicomGroups.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus
{

namespace
{

constexpr double DirectionTolerance = 1e-3;
constexpr double TiltToleranceInRadians = 1e-4;
constexpr double SilentResidualInMm = 1e-3;
constexpr double DegreesPerRadian = 180.0 / M_PI;

bool
Close(const Vector3 & a, const Vector3 & b, double tolerance)
{
  return std::abs(a[0] - b[0]) <= tolerance && std::abs(a[1] - b[1]) <= tolerance &&
         std::abs(a[2] - b[2]) <= tolerance;
}

void
RequireUniform(const std::vector<DicomFrame> & frames, const std::string & path)
{
  const auto & first = frames.front();
  for (const auto & frame : frames)
  {
    if (!Close(frame.rowDirection, first.rowDirection, DirectionTolerance) ||
        !Close(frame.columnDirection, first.columnDirection, DirectionTolerance))
    {
      throw GeometryError(
          Message(path,
                  ": slices have different orientations (cosine between two normals ",
                  Dot(NormalOf(frame), NormalOf(first)),
                  "), so they are no volume; is it a localiser?"));
    }
    if (std::abs(frame.rowSpacing - first.rowSpacing) > 1e-3 * first.rowSpacing ||
        std::abs(frame.columnSpacing - first.columnSpacing) > 1e-3 * first.columnSpacing)
    {
      throw GeometryError(Message(path,
                                  ": slices have different pixel spacings (",
                                  frame.rowSpacing,
                                  " and ",
                                  first.rowSpacing,
                                  " mm)"));
    }
  }
}

double
MedianGap(const std::vector<DicomFrame> & frames, const Vector3 & normal)
{
  const auto places = PlacesOf(frames, normal);
  std::vector<double> gaps(places.size() - 1);
  for (std::size_t i = 0; i < gaps.size(); ++i)
  {
    gaps[i] = places[i + 1] - places[i];
  }
  std::nth_element(
      gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
  return gaps[gaps.size() / 2];
}

double
Length(const Vector3 & v)
{
  return std::sqrt(Dot(v, v));
}

Vector3
Difference(const Vector3 & a, const Vector3 & b)
{
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

/** Mean step from slice to slice. */
Vector3
StepOf(const std::vector<DicomFrame> & frames)
{
  auto step = Difference(frames.back().position, frames.front().position);
  for (double & value : step)
  {
    value /= static_cast<double>(frames.size() - 1);
  }
  return step;
}

/** The step of a single slice: its stated distance or thickness. */
Vector3
SingleStep(const DicomFrame & frame,
           const ReadOptions & options,
           const std::string & path,
           std::vector<std::string> & warnings)
{
  double distance = frame.sliceSpacing > 0.0 ? frame.sliceSpacing : frame.thickness;
  if (!(distance > 0.0))
  {
    if (!options.allowMissingGeometry)
    {
      throw GeometryError(Message(path, ": a single slice without a thickness is no volume"));
    }
    distance = 1.0;
  }
  warnings.push_back(Message("a single slice: ", distance, " mm taken as its thickness"));
  auto step = NormalOf(frame);
  for (double & value : step)
  {
    value *= distance;
  }
  return step;
}

void
CheckGaps(DicomStack & stack,
          const ReadOptions & options,
          const std::string & path,
          std::vector<std::string> & warnings)
{
  const auto & frames = stack.frames;
  const auto normal = NormalOf(frames.front());
  const double median = MedianGap(frames, normal);
  const double tolerance = std::max(SamePositionInMm, 0.01 * median);
  for (std::size_t i = 1; i < frames.size(); ++i)
  {
    const double gap = Dot(Difference(frames[i].position, frames[i - 1].position), normal);
    if (std::abs(gap - median) <= tolerance)
    {
      continue;
    }
    const double missing = gap / median;
    const auto text = Message("between slice ",
                              i,
                              " and ",
                              i + 1,
                              " of ",
                              frames.size(),
                              " the gap is ",
                              gap,
                              " mm where ",
                              median,
                              " mm are usual",
                              std::abs(missing - std::round(missing)) < 0.02 && missing > 1.5
                                  ? Message(" (", std::round(missing) - 1.0, " slices missing?)")
                                  : std::string());
    if (!options.resampleIrregular)
    {
      throw GeometryError(Message(path, ": ", text, "; see --resample-irregular"));
    }
    stack.irregular = true;
    warnings.push_back(text);
  }
}

void
CheckTilt(DicomStack & stack,
          const ReadOptions & options,
          const std::string & path,
          std::vector<std::string> & warnings)
{
  const auto normal = NormalOf(stack.frames.front());
  const auto step = StepOf(stack.frames);
  const double along = Dot(step, normal);
  const Vector3 sideways{
      step[0] - along * normal[0], step[1] - along * normal[1], step[2] - along * normal[2]};
  const double angle = std::atan2(Length(sideways), along);
  const double shift = Length(sideways) * static_cast<double>(stack.frames.size() - 1);
  if (angle <= TiltToleranceInRadians || shift <= SamePositionInMm)
  {
    return;
  }
  const auto text = Message("the stack leans by ",
                            angle * DegreesPerRadian,
                            " degrees (gantry tilt), the last slice is displaced by ",
                            shift,
                            " mm");
  if (options.resampleIrregular)
  {
    stack.irregular = true;
    warnings.push_back(text);
  }
  else if (!options.fixNonOrthogonal)
  {
    throw GeometryError(Message(path, ": ", text, "; see --resample-irregular"));
  }
}

/** Distance of every slice from its place on the mean grid. */
void
MeasureResidual(DicomStack & stack,
                const ReadOptions & options,
                const std::string & path,
                std::vector<std::string> & warnings)
{
  const auto step = StepOf(stack.frames);
  const auto & origin = stack.frames.front().position;
  const double smallest =
      std::min({stack.frames.front().rowSpacing, stack.frames.front().columnSpacing, Length(step)});
  for (std::size_t i = 0; i < stack.frames.size(); ++i)
  {
    const auto k = static_cast<double>(i);
    const Vector3 expected{
        origin[0] + k * step[0], origin[1] + k * step[1], origin[2] + k * step[2]};
    const double distance = Length(Difference(stack.frames[i].position, expected));
    stack.residualInMm = std::max(stack.residualInMm, distance);
    if (distance > std::max(SamePositionInMm, 0.05 * smallest) && !stack.irregular)
    {
      const auto text =
          Message("slice ", i + 1, " is ", distance, " mm away from its place on a regular grid");
      if (!options.resampleIrregular)
      {
        throw GeometryError(Message(path, ": ", text, "; see --resample-irregular"));
      }
      stack.irregular = true;
      warnings.push_back(text);
    }
  }
  if (stack.residualInMm > SilentResidualInMm)
  {
    warnings.push_back(Message("slices are up to ", stack.residualInMm, " mm off a regular grid"));
  }
}

Matrix4
MatrixOf(const DicomFrame & first, const Vector3 & step)
{
  Matrix4 matrix{};
  for (std::size_t row = 0; row < 3; ++row)
  {
    matrix[row] = {first.rowDirection[row] * first.columnSpacing,
                   first.columnDirection[row] * first.rowSpacing,
                   step[row],
                   first.position[row]};
  }
  matrix[3] = {0, 0, 0, 1};
  return matrix;
}

} // namespace

std::vector<DicomStack>
MakeStacks(std::vector<DicomFrame> frames,
           const ReadOptions & options,
           const std::string & path,
           std::vector<std::string> & warnings)
{
  RequireUniform(frames, path);
  const auto normal = NormalOf(frames.front());
  std::vector<DicomStack> stacks;
  for (auto & [name, group] : SplitIntoVolumes(std::move(frames), path))
  {
    DicomStack stack;
    stack.name = name;
    stack.frames = std::move(group);
    std::stable_sort(stack.frames.begin(),
                     stack.frames.end(),
                     [&](const auto & a, const auto & b)
                     { return Dot(a.position, normal) < Dot(b.position, normal); });
    Vector3 step{};
    if (stack.frames.size() == 1)
    {
      step = SingleStep(stack.frames.front(), options, path, warnings);
    }
    else
    {
      CheckGaps(stack, options, path, warnings);
      CheckTilt(stack, options, path, warnings);
      MeasureResidual(stack, options, path, warnings);
      step = StepOf(stack.frames);
    }
    stack.lpsFromIndex = MatrixOf(stack.frames.front(), step);
    stacks.push_back(std::move(stack));
  }
  return stacks;
}

} // namespace sulcus
