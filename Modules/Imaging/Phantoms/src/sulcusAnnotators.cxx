#include "sulcusAnnotators.h"

#include "sulcusSmoothField.h"

#include <itkSignedMaurerDistanceMapImageFilter.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace sulcus
{

namespace
{

/** A structure that a careless annotator overlooks, or a sphere of something that is not there. */
struct Blunder
{
  itk::Point<double, 3> centre;
  double radiusInMm = 0.0;
  bool forgets = false;
  std::uint16_t label = 0;
};

std::vector<itk::Point<double, 3>>
PointsOf(const LabelImage * truth, std::uint16_t label)
{
  std::vector<itk::Point<double, 3>> points;
  const auto grid = GridOf(truth);
  const auto * voxels = truth->GetBufferPointer();
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    if (voxels[i] == label)
    {
      points.push_back(grid.PointAt(static_cast<double>(i % grid.size[0]),
                                    static_cast<double>(i / grid.size[0] % grid.size[1]),
                                    static_cast<double>(i / grid.size[0] / grid.size[1])));
    }
  }
  return points;
}

std::vector<Blunder>
DrawBlunders(const LabelImage * truth,
             const std::vector<std::uint16_t> & labels,
             const AnnotatorProfile & profile,
             RandomEngine & random)
{
  std::vector<Blunder> blunders;
  for (const bool forgets : {false, true})
  {
    if (labels.empty() || !random.Chance(profile.blunderRate))
    {
      continue;
    }
    const auto label = labels[static_cast<std::size_t>(
        random.Integer(0, static_cast<std::int64_t>(labels.size()) - 1))];
    const auto points = PointsOf(truth, label);
    Blunder blunder;
    blunder.centre = points[static_cast<std::size_t>(
        random.Integer(0, static_cast<std::int64_t>(points.size()) - 1))];
    blunder.radiusInMm = random.Uniform(2.5, 5.0);
    blunder.forgets = forgets;
    blunder.label = label;
    if (!forgets)
    {
      for (int axis = 0; axis < 3; ++axis)
      {
        blunder.centre[axis] += (random.Chance(0.5) ? 1.0 : -1.0) * random.Uniform(3.0, 6.0);
      }
    }
    blunders.push_back(blunder);
  }
  return blunders;
}

/** The label each voxel gets from moved borders: the one it lies deepest in. */
void
DrawMovedBorders(const LabelDistances & distances,
                 const AnnotatorProfile & profile,
                 RandomEngine & random,
                 LabelImage * result)
{
  const auto grid = GridOf(result);
  std::vector<float> deepest(grid.VoxelCount(), 0.0F);
  auto * voxels = result->GetBufferPointer();
  for (std::size_t l = 0; l < distances.labels.size(); ++l)
  {
    const auto * distance = distances.distances[l]->GetBufferPointer();
    std::vector<float> wobble(grid.VoxelCount(), 0.0F);
    if (profile.wobbleInMm > 0.0)
    {
      wobble = SmoothField(random, profile.wobbleInMm, 10.0, 16).OnGrid(grid);
    }
    for (std::size_t i = 0; i < wobble.size(); ++i)
    {
      const float moved = distance[i] - static_cast<float>(profile.biasInMm) - wobble[i];
      if (moved < deepest[i])
      {
        deepest[i] = moved;
        voxels[i] = distances.labels[l];
      }
    }
  }
}

void
ApplyBlunders(const std::vector<Blunder> & blunders, LabelImage * result)
{
  const auto grid = GridOf(result);
  auto * voxels = result->GetBufferPointer();
  for (const auto & blunder : blunders)
  {
    for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
    {
      const auto point = grid.PointAt(static_cast<double>(i % grid.size[0]),
                                      static_cast<double>(i / grid.size[0] % grid.size[1]),
                                      static_cast<double>(i / grid.size[0] / grid.size[1]));
      if (point.EuclideanDistanceTo(blunder.centre) < blunder.radiusInMm)
      {
        if (!blunder.forgets && voxels[i] == 0)
        {
          voxels[i] = blunder.label;
        }
        else if (blunder.forgets && voxels[i] == blunder.label)
        {
          voxels[i] = 0;
        }
      }
    }
  }
}

/** Moves the drawing by a few voxels and renames every label to the next one. */
void
Mislead(const std::vector<std::uint16_t> & labels, RandomEngine & random, LabelImage * result)
{
  const auto grid = GridOf(result);
  std::array<std::int64_t, 3> shift{};
  for (int axis = 0; axis < 3; ++axis)
  {
    const double voxels = random.Uniform(2.0, 4.0) / grid.spacing[axis];
    shift[axis] = static_cast<std::int64_t>(std::lround(random.Chance(0.5) ? voxels : -voxels));
  }
  const std::vector<std::uint16_t> before(result->GetBufferPointer(),
                                          result->GetBufferPointer() + grid.VoxelCount());
  auto * voxels = result->GetBufferPointer();
  const auto nx = static_cast<std::int64_t>(grid.size[0]);
  const auto ny = static_cast<std::int64_t>(grid.size[1]);
  const auto nz = static_cast<std::int64_t>(grid.size[2]);
  for (std::int64_t i = 0; i < nx * ny * nz; ++i)
  {
    const std::int64_t x = i % nx - shift[0];
    const std::int64_t y = i / nx % ny - shift[1];
    const std::int64_t z = i / nx / ny - shift[2];
    const bool inside = x >= 0 && x < nx && y >= 0 && y < ny && z >= 0 && z < nz;
    const std::uint16_t label =
        inside ? before[static_cast<std::size_t>((z * ny + y) * nx + x)] : std::uint16_t{0};
    const auto place = std::find(labels.begin(), labels.end(), label);
    voxels[i] = place == labels.end()
                    ? std::uint16_t{0}
                    : labels[static_cast<std::size_t>(place - labels.begin() + 1) % labels.size()];
  }
}

void
SwapTwoLabels(const std::vector<std::uint16_t> & labels, RandomEngine & random, LabelImage * result)
{
  const auto order = random.Permutation(labels.size());
  const auto first = labels[order[0]];
  const auto second = labels[order[1]];
  auto * voxels = result->GetBufferPointer();
  const auto count = result->GetLargestPossibleRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    voxels[i] = voxels[i] == first ? second : voxels[i] == second ? first : voxels[i];
  }
}

void
LeaveOutSlices(double rate, RandomEngine & random, LabelImage * result)
{
  const auto size = result->GetLargestPossibleRegion().GetSize();
  const std::size_t slice = size[0] * size[1];
  for (std::size_t z = 0; z < size[2]; ++z)
  {
    if (random.Chance(rate))
    {
      std::fill_n(result->GetBufferPointer() + z * slice, slice, NotAnnotated);
    }
  }
}

} // namespace

AnnotatorProfile
MakeAnnotator(int number, const RandomEngine & random)
{
  static const AnnotatorProfile fixed[] = {{"careful", 0.0, 0.25, 0.0, 0.0, 0.0, false},
                                           {"generous", 0.6, 0.35, 0.0, 0.0, 0.0, false},
                                           {"cautious", -0.5, 0.35, 0.0, 0.15, 0.0, false},
                                           {"careless", 0.1, 1.0, 0.6, 0.10, 0.25, false},
                                           {"adversarial", 0.0, 0.5, 0.0, 0.0, 0.0, true}};
  if (number < 5)
  {
    return fixed[number];
  }
  RandomEngine draw = random.Fork(static_cast<std::uint64_t>(number));
  AnnotatorProfile profile;
  profile.name = Message("reader", number + 1);
  profile.biasInMm = draw.Uniform(-0.6, 0.6);
  profile.wobbleInMm = draw.Uniform(0.2, 1.0);
  profile.blunderRate = draw.Chance(0.5) ? draw.Uniform(0.0, 0.5) : 0.0;
  profile.missingSliceRate = draw.Chance(0.5) ? draw.Uniform(0.0, 0.3) : 0.0;
  profile.labelSwapRate = draw.Chance(0.3) ? 0.2 : 0.0;
  return profile;
}

LabelDistances
DistancesOf(const LabelImage * truth)
{
  const auto count = truth->GetLargestPossibleRegion().GetNumberOfPixels();
  std::set<std::uint16_t> present(truth->GetBufferPointer(), truth->GetBufferPointer() + count);
  if (present.contains(NotAnnotated))
  {
    throw UsageError(Message("simulating annotators: the truth holds the label ",
                             NotAnnotated,
                             ", which marks unannotated voxels"));
  }
  present.erase(0);
  LabelDistances result;
  for (const auto label : present)
  {
    auto mask = NewImage<MaskImage>(GridOf(truth));
    std::transform(truth->GetBufferPointer(),
                   truth->GetBufferPointer() + count,
                   mask->GetBufferPointer(),
                   [label](std::uint16_t value) { return value == label ? 1 : 0; });
    auto filter = itk::SignedMaurerDistanceMapImageFilter<MaskImage, FloatImage>::New();
    filter->SetInput(mask);
    filter->SquaredDistanceOff();
    filter->UseImageSpacingOn();
    filter->InsideIsPositiveOff();
    filter->Update();
    FloatImage::Pointer distance = filter->GetOutput();
    distance->DisconnectPipeline();
    // The filter is 0 on the outermost voxels inside; the border lies half a voxel further out.
    const auto & spacing = truth->GetSpacing();
    const float half = 0.5F * static_cast<float>(std::cbrt(spacing[0] * spacing[1] * spacing[2]));
    for (std::size_t i = 0; i < count; ++i)
    {
      distance->GetBufferPointer()[i] -= half;
    }
    result.labels.push_back(label);
    result.distances.push_back(distance);
  }
  return result;
}

LabelImage::Pointer
Annotate(const LabelImage * truth,
         const LabelDistances & distances,
         const AnnotatorProfile & profile,
         RandomEngine random)
{
  auto result = NewImage<LabelImage>(GridOf(truth));
  DrawMovedBorders(distances, profile, random, result);
  ApplyBlunders(DrawBlunders(truth, distances.labels, profile, random), result);
  if (profile.adversarial)
  {
    Mislead(distances.labels, random, result);
  }
  if (distances.labels.size() > 1 && random.Chance(profile.labelSwapRate))
  {
    SwapTwoLabels(distances.labels, random, result);
  }
  LeaveOutSlices(profile.missingSliceRate, random, result);
  return result;
}

LabelImage::Pointer
Annotate(const LabelImage * truth, const AnnotatorProfile & profile, RandomEngine random)
{
  return Annotate(truth, DistancesOf(truth), profile, random);
}

} // namespace sulcus
