#include <sulcusError.h>
#include <sulcusInputContract.h>
#include <sulcusRunProgram.h>
#include <sulcusSegmenter.h>

#include <itkImageRegionIteratorWithIndex.h>

#include <torch/types.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace
{

using namespace sulcus;

/** Rotated, anisotropic, off the origin; index axes run S, R, A. */
ImageGrid
AwkwardGrid()
{
  ImageGrid grid;
  grid.size = {{14, 22, 18}};
  grid.spacing[0] = 2.0;
  grid.spacing[1] = 1.0;
  grid.spacing[2] = 1.25;
  grid.origin[0] = 40;
  grid.origin[1] = -31;
  grid.origin[2] = 12;
  const double c = std::cos(0.2);
  const double s = std::sin(0.2);
  grid.direction.Fill(0);
  grid.direction[2][0] = 1;  // x index runs to the head
  grid.direction[0][1] = -c; // y index to the right
  grid.direction[1][1] = -s;
  grid.direction[0][2] = s; // z index to the front
  grid.direction[1][2] = -c;
  return grid;
}

/** Two bright balls that do not touch, with a little texture everywhere. */
FloatImage::Pointer
TwoBalls(const ImageGrid & grid)
{
  const auto image = NewImage<FloatImage>(grid);
  const auto centre = grid.PointAt(7, 11, 9);
  const auto second = grid.PointAt(7, 2, 9);
  itk::ImageRegionIteratorWithIndex<FloatImage> it(image, image->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    FloatImage::PointType point;
    image->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    const bool inside = (point - centre).GetNorm() < 5.5 || (point - second).GetNorm() < 2.2;
    it.Set((inside ? 100.0F : 0.0F) + static_cast<float>(it.GetIndex()[0] % 5));
  }
  return image;
}

Plan
ThresholdPlan()
{
  Plan plan;
  plan.labels = {{0, "background"}, {5, "ball"}};
  plan.normalisation = {{}};
  plan.normalisation[0].kind = "none";
  plan.cropToForeground = false;
  plan.network.widths = {16, 16};
  plan.network.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.network.kernels = {{3, 3, 3}, {3, 3, 3}};
  plan.patchSize = {16, 16, 16};
  return plan;
}

ModelFile
ModelOf(const Plan & plan)
{
  ModelFile model;
  model.plan = plan;
  model.method = "threshold";
  model.weights = StateOf(*BuildNetwork(plan.network, 1));
  return model;
}

/** Certain of class 1 where the image exceeds 50. */
PredictorMakers
ThresholdMaker()
{
  return {{"threshold",
           [](const ModelFile &, const std::string &, const torch::Device &, Precision)
           {
             return WindowsOnly(
                 [](const torch::Tensor & windows)
                 {
                   const torch::Tensor inside = windows.gt(50).to(torch::kFloat);
                   return torch::cat({1 - inside, inside}, 1);
                 });
           }}};
}

class SegmenterTest : public testing::Test
{
protected:
  std::filesystem::path
  Write(const std::string & name, const ModelFile & model)
  {
    const auto path = m_Folder / name;
    WriteModelFile(path, model, Overwrite::Refuse);
    return path;
  }

  TestFolder m_Folder;
};

TEST_F(SegmenterTest, ThresholdComesBackVoxelForVoxelOnAnAwkwardGrid)
{
  const auto path = Write("model.safetensors", ModelOf(ThresholdPlan()));
  const auto image = TwoBalls(AwkwardGrid());
  const Segmenter segmenter({path}, torch::kCPU, {}, ThresholdMaker());
  const auto result = segmenter.Segment({image}, "balls");
  ASSERT_TRUE(SameGrid(GridOf(result.decision.label.GetPointer()), AwkwardGrid()));
  const std::uint16_t * label = result.decision.label->GetBufferPointer();
  const float * value = image->GetBufferPointer();
  for (std::size_t i = 0; i < AwkwardGrid().VoxelCount(); ++i)
  {
    ASSERT_EQ(label[i], value[i] > 50 ? 5 : 0) << i;
  }
}

TEST_F(SegmenterTest, APredictorMayLookAtTheWholePreparedVolumeFirst)
{
  const auto path = Write("model.safetensors", ModelOf(ThresholdPlan()));
  std::array<double, 3> spacing{};
  // Adds the volume's mean as a channel and marks what lies above it.
  const PredictorMakers aboveMean{
      {"threshold",
       [&spacing](const ModelFile &, const std::string &, const torch::Device &, Precision)
           -> VolumePredictor
       {
         return [&spacing](const torch::Tensor & image,
                           const std::array<double, 3> & spacingInMm,
                           const SlidingWindowOptions &)
         {
           spacing = spacingInMm;
           const auto added = torch::full_like(image, image.mean().item<float>());
           return VolumePrediction{
               torch::cat({image, added}),
               [](const torch::Tensor & windows)
               {
                 const auto inside =
                     windows.narrow(1, 0, 1).gt(windows.narrow(1, 1, 1)).to(torch::kFloat);
                 return torch::cat({1 - inside, inside}, 1);
               }};
         };
       }}};
  const auto image = TwoBalls(AwkwardGrid());
  const auto result = Segmenter({path}, torch::kCPU, {}, aboveMean).Segment({image}, "balls");
  const auto threshold =
      Segmenter({path}, torch::kCPU, {}, ThresholdMaker()).Segment({image}, "balls");
  const auto oriented = ExtentAlong(AwkwardGrid(), ThresholdPlan().orientation).spacingInMm;
  for (int axis = 0; axis < 3; ++axis)
  {
    EXPECT_NEAR(spacing[axis], oriented[2 - axis], 1e-6) << axis;
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < AwkwardGrid().VoxelCount(); ++i)
  {
    ASSERT_EQ(result.decision.label->GetBufferPointer()[i],
              threshold.decision.label->GetBufferPointer()[i]);
    found += result.decision.label->GetBufferPointer()[i] != 0 ? 1 : 0;
  }
  EXPECT_GT(found, 0U);
}

TEST_F(SegmenterTest, FlipsAndEnsemblesOfAPointwisePredictorChangeNothing)
{
  const auto path = Write("a.safetensors", ModelOf(ThresholdPlan()));
  Plan wider = ThresholdPlan();
  wider.network.widths = {16, 32};
  const auto second = Write("b.safetensors", ModelOf(wider));
  const auto image = TwoBalls(AwkwardGrid());
  SegmentationOptions options;
  options.flips = "all";
  options.confidence = true;
  const auto plain = Segmenter({path}, torch::kCPU, {}, ThresholdMaker()).Segment({image}, "balls");
  const auto both =
      Segmenter({path, second}, torch::kCPU, options, ThresholdMaker()).Segment({image}, "balls");
  for (std::size_t i = 0; i < AwkwardGrid().VoxelCount(); ++i)
  {
    ASSERT_EQ(plain.decision.label->GetBufferPointer()[i],
              both.decision.label->GetBufferPointer()[i]);
    ASSERT_NEAR(both.decision.confidence->GetBufferPointer()[i], 1.0, 1e-5);
  }
}

TEST_F(SegmenterTest, ComponentRulesRunOnTheNativeGrid)
{
  Plan plan = ThresholdPlan();
  plan.componentRules = {{}, {true, 0.0}};
  const auto path = Write("model.safetensors", ModelOf(plan));
  const auto image = TwoBalls(AwkwardGrid());
  const auto kept = Segmenter({path}, torch::kCPU, {}, ThresholdMaker()).Segment({image}, "balls");
  SegmentationOptions off;
  off.componentRules = false;
  const auto all = Segmenter({path}, torch::kCPU, off, ThresholdMaker()).Segment({image}, "balls");
  const auto count = [](const LabelImage * label)
  {
    return std::count(
        label->GetBufferPointer(), label->GetBufferPointer() + AwkwardGrid().VoxelCount(), 5);
  };
  EXPECT_EQ(all.decision.label->GetPixel({{7, 2, 9}}), 5);
  EXPECT_EQ(kept.decision.label->GetPixel({{7, 2, 9}}), 0);
  EXPECT_EQ(kept.decision.label->GetPixel({{7, 11, 9}}), 5);
  ASSERT_FALSE(kept.rules.empty());
  EXPECT_EQ(static_cast<std::ptrdiff_t>(kept.rules.back().voxelsRemoved),
            count(all.decision.label) - count(kept.decision.label));
}

TEST_F(SegmenterTest, NetworkSegmentsWithProbabilitiesThatSumToOne)
{
  Plan plan = ThresholdPlan();
  plan.targetSpacingInMm = {1.5, 1.5, 1.5};
  plan.normalisation[0].kind = "z_score";
  plan.cropToForeground = true;
  ModelFile model = ModelOf(plan);
  model.method = "supervised";
  const auto path = Write("model.safetensors", model);
  SegmentationOptions options;
  options.probabilities = true;
  options.entropy = true;
  const auto result =
      Segmenter({path}, torch::kCPU, options).Segment({TwoBalls(AwkwardGrid())}, "balls");
  ASSERT_EQ(result.decision.probabilities.size(), 2U);
  for (std::size_t i = 0; i < AwkwardGrid().VoxelCount(); ++i)
  {
    const float first = result.decision.probabilities[0]->GetBufferPointer()[i];
    const float second = result.decision.probabilities[1]->GetBufferPointer()[i];
    ASSERT_NEAR(first + second, 1.0F, 1e-4F);
    ASSERT_EQ(result.decision.label->GetBufferPointer()[i], second > first ? 5 : 0);
  }
}

TEST_F(SegmenterTest, RefusesWhatTheContractExcludes)
{
  Plan plan = ThresholdPlan();
  plan.inputContract.smallestSpacingInMm = {0.5, 0.5, 1.9}; // L, P, S
  plan.inputContract.largestSpacingInMm = {1.1, 1.3, 2.1};
  plan.inputContract.smallestExtentInMm = {20, 20, 20};
  const ImageGrid grid = AwkwardGrid();
  RequireInputContract(plan, grid, 1, "image");
  EXPECT_THROW(RequireInputContract(plan, grid, 2, "image"), ScopeError);
  Plan tight = plan;
  tight.inputContract.largestSpacingInMm[2] = 1.9;
  EXPECT_THROW(RequireInputContract(tight, grid, 1, "image"), ScopeError);
  tight = plan;
  tight.inputContract.smallestExtentInMm[0] = 22.5; // 22 voxels of 1 mm run left-right
  EXPECT_THROW(RequireInputContract(tight, grid, 1, "image"), ScopeError);
  const auto extent = ExtentAlong(grid, "LPS");
  EXPECT_NEAR(extent.spacingInMm[0], 1.0, 1e-12);
  EXPECT_NEAR(extent.spacingInMm[1], 1.25, 1e-12);
  EXPECT_NEAR(extent.extentInMm[2], 28.0, 1e-12);
  EXPECT_THROW(ExtentAlong(grid, "LRS"), UsageError);
}

/** Spacing along L, P, S is 1, 1.25, 2 mm; the image covers 22, 22.5 and 28 mm. */
TEST_F(SegmenterTest, TellsWhatIsNearTheEdgeOfTheContract)
{
  Plan plan = ThresholdPlan();
  EXPECT_TRUE(NearInputContract(plan, AwkwardGrid()).empty());
  plan.inputContract.smallestSpacingInMm = {0.85, 0.5, 0.5};
  plan.inputContract.largestSpacingInMm = {1.3, 1.5, 2.6};
  plan.inputContract.smallestExtentInMm = {17, 19, 22};
  const auto notes = NearInputContract(plan, AwkwardGrid());
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_NE(notes[0].find("spacing along L is 1 mm, the limit is 0.85 mm"), std::string::npos);
  EXPECT_NE(notes[1].find("spacing along P is 1.25 mm, the limit is 1.5 mm"), std::string::npos);
  EXPECT_NE(notes[2].find("extent along P is 22.5 mm, the limit is 19 mm"), std::string::npos);
}

TEST_F(SegmenterTest, CarriesACardOfEveryModel)
{
  ModelFile model = ModelOf(ThresholdPlan());
  model.provenance = {{"steps", "12"}};
  const auto first = Write("a.safetensors", model);
  const auto second = Write("b.safetensors", ModelOf(ThresholdPlan()));
  const Segmenter segmenter({first, second}, torch::kCPU, {}, ThresholdMaker());
  ASSERT_EQ(segmenter.Models().size(), 2U);
  EXPECT_EQ(segmenter.Models()[0].file, first.string());
  EXPECT_EQ(segmenter.Models()[0].method, "threshold");
  EXPECT_EQ(segmenter.Models()[0].provenance.at("steps"), "12");
  EXPECT_EQ(segmenter.Models()[1].file, second.string());
}

TEST_F(SegmenterTest, RefusesEnsemblesThatDisagreeAndUnknownMethods)
{
  const auto path = Write("a.safetensors", ModelOf(ThresholdPlan()));
  Plan other = ThresholdPlan();
  other.labels[1].value = 6;
  const auto second = Write("b.safetensors", ModelOf(other));
  EXPECT_THROW(Segmenter({path, second}, torch::kCPU, {}, ThresholdMaker()), ModelError);
  ModelFile strange = ModelOf(ThresholdPlan());
  strange.method = "gated";
  strange.extra["gate"] = torch::zeros({1});
  EXPECT_THROW(Segmenter({Write("c.safetensors", strange)}, torch::kCPU, {}), ModelError);
  EXPECT_THROW(Segmenter({}, torch::kCPU, {}), UsageError);
}

} // namespace
