#include "sulcusStructureScores.h"

#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>
#include <sulcusThreads.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

/** Oblique, anisotropic, offset, with a left-handed flip. */
ImageGrid
AwkwardGrid(std::size_t x, std::size_t y, std::size_t z)
{
  ImageGrid grid;
  grid.size = {{x, y, z}};
  grid.spacing[0] = 0.8;
  grid.spacing[1] = 1.25;
  grid.spacing[2] = 3.0;
  grid.origin[0] = -71.0;
  grid.origin[1] = 40.5;
  grid.origin[2] = 12.0;
  const double c = std::cos(0.4);
  const double s = std::sin(0.4);
  grid.direction(0, 0) = -c;
  grid.direction(0, 1) = -s;
  grid.direction(1, 0) = -s;
  grid.direction(1, 1) = c;
  return grid;
}

LabelImage::Pointer
ImageOf(const ImageGrid & grid, const std::vector<std::uint16_t> & labels)
{
  auto image = NewImage<LabelImage>(grid);
  std::copy(labels.begin(), labels.end(), image->GetBufferPointer());
  return image;
}

TEST(StructureScores, CountsByHand)
{
  const auto grid = AwkwardGrid(4, 2, 1); // a voxel is 3 mm³
  const auto reference = ImageOf(grid, {1, 1, 1, 0, 2, 2, 0, 0});
  const auto prediction = ImageOf(grid, {1, 1, 2, 1, 2, 0, 0, 0});
  const auto scores =
      ScoreStructures(reference, prediction, {{"one", {1}}, {"two", {2}}, {"both", {1, 2}}});
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_EQ(scores[0].referenceVoxels, 3U);
  EXPECT_EQ(scores[0].predictionVoxels, 3U);
  EXPECT_EQ(scores[0].commonVoxels, 2U);
  EXPECT_DOUBLE_EQ(scores[0].dice, 4.0 / 6.0);
  EXPECT_DOUBLE_EQ(scores[0].iou, 2.0 / 4.0);
  EXPECT_DOUBLE_EQ(scores[0].sensitivity, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(scores[0].precision, 2.0 / 3.0);
  EXPECT_NEAR(scores[0].referenceVolumeInMl, 0.009, 1e-15);
  EXPECT_DOUBLE_EQ(scores[0].volumeDifferenceInMl, 0.0);
  EXPECT_DOUBLE_EQ(scores[1].dice, 2.0 / 4.0);
  EXPECT_EQ(scores[2].referenceVoxels, 5U);
  EXPECT_EQ(scores[2].predictionVoxels, 5U);
  EXPECT_EQ(scores[2].commonVoxels, 4U);
  EXPECT_DOUBLE_EQ(scores[2].dice, 0.8);
  // Label 1 reaches one voxel further along x in the prediction.
  EXPECT_NEAR(scores[0].hausdorffInMm, 0.8, 1e-12);
}

/** Oracle T11 of the self-supervised correction's specification: a published code sets a true positive
 * count of 0 to 1, which would give Dice 0.0625 and IoU 0.0322580645 here. */
TEST(StructureScores, T11ACompleteMissScoresZero)
{
  const auto grid = AwkwardGrid(6, 5, 2);
  std::vector<std::uint16_t> reference(60, 0);
  std::vector<std::uint16_t> prediction(60, 0);
  std::fill_n(reference.begin(), 20, std::uint16_t{1});       // 20 false negatives
  std::fill_n(prediction.begin() + 30, 10, std::uint16_t{1}); // 10 false positives
  const std::vector<Structure> structure{{"s", {1}}};
  const auto scores =
      ScoreStructures(ImageOf(grid, reference), ImageOf(grid, prediction), structure)[0];
  EXPECT_EQ(scores.dice, 0.0);
  EXPECT_EQ(scores.iou, 0.0);
}

TEST(StructureScores, EveryEmptyCaseOfTheTable)
{
  const auto grid = AwkwardGrid(3, 2, 2);
  std::vector<std::uint16_t> none(12, 0);
  auto one = none;
  one[3] = one[4] = 1;
  const auto empty = ImageOf(grid, none);
  const auto full = ImageOf(grid, one);
  const std::vector<Structure> structure{{"s", {1}}};
  const double diagonal = std::sqrt(2.4 * 2.4 + 2.5 * 2.5 + 6.0 * 6.0);
  EXPECT_NEAR(FieldOfViewDiagonal(full), diagonal, 1e-12);

  EvaluationOptions options;
  options.tolerancesInMm = {0.0, 1e6};
  for (const bool missed : {true, false})
  {
    const auto scores = missed ? ScoreStructures(full, empty, structure, options)[0]
                               : ScoreStructures(empty, full, structure, options)[0];
    EXPECT_EQ(scores.presence, missed ? Presence::Missed : Presence::Spurious);
    EXPECT_EQ(scores.dice, 0.0);
    EXPECT_EQ(scores.iou, 0.0);
    EXPECT_EQ(scores.sensitivity, 0.0);
    EXPECT_EQ(scores.precision, 0.0);
    EXPECT_NEAR(scores.hausdorffInMm, diagonal, 1e-12);
    EXPECT_NEAR(scores.hausdorff95InMm, diagonal, 1e-12);
    EXPECT_NEAR(scores.meanDistanceInMm, diagonal, 1e-12);
    EXPECT_NEAR(scores.referenceToPredictionInMm, diagonal, 1e-12);
    EXPECT_NEAR(scores.predictionToReferenceInMm, diagonal, 1e-12);
    EXPECT_EQ(scores.surfaceDice, (std::vector<double>{0.0, 0.0}));
    EXPECT_NEAR(scores.volumeDifferenceInMl, missed ? -0.006 : 0.006, 1e-15);
    if (missed)
    {
      EXPECT_DOUBLE_EQ(scores.volumeDifferenceInPercent, -100.0);
    }
    else
    {
      EXPECT_TRUE(std::isnan(scores.volumeDifferenceInPercent));
    }
  }
  options.missedDistance = "infinity";
  EXPECT_EQ(ScoreStructures(full, empty, structure, options)[0].hausdorff95InMm,
            std::numeric_limits<double>::infinity());

  const auto absent = ScoreStructures(empty, empty, structure, options)[0];
  EXPECT_EQ(absent.presence, Presence::Absent);
  for (const double value : {absent.dice,
                             absent.iou,
                             absent.sensitivity,
                             absent.precision,
                             absent.hausdorffInMm,
                             absent.hausdorff95InMm,
                             absent.meanDistanceInMm,
                             absent.surfaceDice[0],
                             absent.volumeDifferenceInPercent})
  {
    EXPECT_TRUE(std::isnan(value));
  }
  EXPECT_EQ(absent.volumeDifferenceInMl, 0.0);
  options.bothEmpty = "perfect";
  const auto perfect = ScoreStructures(empty, empty, structure, options)[0];
  EXPECT_EQ(perfect.dice, 1.0);
  EXPECT_EQ(perfect.hausdorffInMm, 0.0);
  EXPECT_EQ(perfect.surfaceDice[0], 1.0);
  EXPECT_EQ(perfect.presence, Presence::Absent);
}

TEST(StructureScores, RealDistancesNeverExceedTheDiagonal)
{
  const auto grid = AwkwardGrid(5, 4, 3);
  std::vector<std::uint16_t> first(60, 0);
  auto last = first;
  first.front() = 1;
  last.back() = 1;
  const auto a = ImageOf(grid, first);
  const auto b = ImageOf(grid, last);
  EXPECT_LT(ScoreStructures(a, b, {{"s", {1}}})[0].hausdorffInMm, FieldOfViewDiagonal(a));
}

TEST(StructureScores, CroppingChangesNothing)
{
  // The same small structures in a large image, against masks of the whole image.
  RandomEngine random(8);
  const auto grid = AwkwardGrid(20, 17, 15);
  auto reference = NewImage<LabelImage>(grid);
  auto prediction = NewImage<LabelImage>(grid);
  const auto inside = [](std::size_t i)
  {
    const std::size_t x = i % 20;
    const std::size_t y = i / 20 % 17;
    const std::size_t z = i / 340;
    return x > 6 && x < 13 && y > 4 && y < 12 && z > 5 && z < 11;
  };
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    reference->GetBufferPointer()[i] = inside(i) && random.Chance(0.6) ? 700 : 0;
    prediction->GetBufferPointer()[i] = inside(i) && random.Chance(0.5) ? 700 : 3;
  }
  const std::vector<std::uint16_t> values{700};
  const auto whole = CropMasks(reference, prediction, values, {{0, 0, 0}, {19, 16, 14}});
  for (const char * surface : {"surfels", "border_voxels"})
  {
    EvaluationOptions options;
    options.surface = surface;
    const auto scores = ScoreStructures(reference, prediction, {{"s", values}}, options)[0];
    const auto distances = ComputeSurfaceDistances(whole, SurfaceDefinitionFromName(surface));
    EXPECT_NEAR(scores.hausdorffInMm, HausdorffDistance(distances), 1e-12);
    EXPECT_NEAR(scores.hausdorff95InMm, HausdorffDistance(distances, 95.0), 1e-12);
    EXPECT_NEAR(scores.meanDistanceInMm, MeanSurfaceDistance(distances), 1e-12);
    EXPECT_NEAR(scores.surfaceDice[0], SurfaceDice(distances, 1.0), 1e-12);
  }
}

TEST(StructureScores, SameBitsForAnyThreadCountAndOrder)
{
  RandomEngine random(12);
  const auto grid = AwkwardGrid(24, 19, 11);
  auto reference = NewImage<LabelImage>(grid);
  auto prediction = NewImage<LabelImage>(grid);
  std::vector<Structure> structures;
  for (std::uint16_t label = 1; label <= 12; ++label)
  {
    structures.push_back({"s" + std::to_string(label), {label}});
  }
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    reference->GetBufferPointer()[i] = static_cast<std::uint16_t>(random.Integer(0, 12));
    prediction->GetBufferPointer()[i] = static_cast<std::uint16_t>(random.Integer(0, 12));
  }
  const int before = GetThreadCount();
  SetThreadCount(1);
  const auto one = ScoreStructures(reference, prediction, structures);
  SetThreadCount(4);
  const auto four = ScoreStructures(reference, prediction, structures);
  SetThreadCount(before);
  for (std::size_t s = 0; s < structures.size(); ++s)
  {
    EXPECT_EQ(one[s].name, structures[s].name);
    EXPECT_EQ(one[s].dice, four[s].dice);
    EXPECT_EQ(one[s].hausdorff95InMm, four[s].hausdorff95InMm);
    EXPECT_EQ(one[s].meanDistanceInMm, four[s].meanDistanceInMm);
  }
}

TEST(StructureScores, BadInputIsRefused)
{
  const auto grid = AwkwardGrid(3, 3, 3);
  auto other = grid;
  other.origin[2] += 0.5;
  const auto a = NewImage<LabelImage>(grid);
  const auto b = NewImage<LabelImage>(other);
  const std::vector<Structure> structure{{"s", {1}}};
  EXPECT_THROW(ScoreStructures(a, b, structure), GeometryError);
  EXPECT_THROW(ScoreStructures(a, a, {{"s", {}}}), UsageError);
  EvaluationOptions options;
  options.tolerancesInMm = {-1.0};
  EXPECT_THROW(ScoreStructures(a, a, structure, options), UsageError);
  options = {};
  options.missedDistance = "diagonall";
  EXPECT_THROW(ScoreStructures(a, a, structure, options), UsageError);
}

TEST(Confusion, CountsPairsBoxesAndIgnored)
{
  const auto grid = AwkwardGrid(4, 2, 1);
  const auto reference = ImageOf(grid, {0, 1, 1, 4, 0, 0, 2, 4});
  const auto prediction = ImageOf(grid, {0, 1, 2, 1, 0, 0, 2, 2});
  const auto confusion = Confusion::Count(reference, prediction);
  EXPECT_EQ(confusion.Total(), 8U);
  EXPECT_EQ(confusion.At(0, 0), 3U);
  EXPECT_EQ(confusion.At(1, 1), 1U);
  EXPECT_EQ(confusion.At(1, 2), 1U);
  EXPECT_EQ(confusion.At(4, 1), 1U);
  EXPECT_EQ(confusion.At(2, 1), 0U);
  EXPECT_EQ(confusion.Labels(), (std::vector<std::uint16_t>{0, 1, 2, 4}));
  const std::vector<std::uint16_t> two{2};
  const auto box = confusion.BoxOf(two);
  EXPECT_EQ(box.first, (std::array<std::int64_t, 3>{2, 0, 0}));
  EXPECT_EQ(box.last, (std::array<std::int64_t, 3>{3, 1, 0}));
  const std::vector<std::uint16_t> ignored{4};
  EXPECT_EQ(Confusion::Count(reference, prediction, ignored).Total(), 6U);
}

} // namespace
} // namespace sulcus
