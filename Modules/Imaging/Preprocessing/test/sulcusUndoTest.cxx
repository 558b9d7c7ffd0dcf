#include "sulcusAwkwardImages.h"
#include <sulcusError.h>
#include <sulcusGridMapping.h>
#include <sulcusUndo.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sulcus
{

namespace
{

/** A record with steps drawn at random; `coarsest` bounds the new spacing relative to the old one.
 */
Undo
RandomUndo(const ImageGrid & native, RandomEngine & random, bool crops, double coarsest)
{
  Undo undo(native);
  const char * codes[] = {"LPS", "RAS", "SAL", "PIR", "ILA"};
  undo.AddOrientation(AxisOrderBetween(OrientationCode(native), codes[random.Integer(0, 4)]));
  std::array<std::int64_t, 3> start{};
  itk::Size<3> size = undo.PreparedGrid().size;
  for (unsigned int a = 0; a < 3; ++a)
  {
    const std::int64_t low = random.Integer(crops ? -2 : -3, crops ? 2 : 0);
    const std::int64_t high = random.Integer(crops ? -2 : 0, 3);
    start[a] = low;
    size[a] = static_cast<std::size_t>(static_cast<std::int64_t>(size[a]) - low + high);
  }
  undo.AddBox(start, size);
  std::array<double, 3> spacing{};
  for (unsigned int a = 0; a < 3; ++a)
  {
    spacing[a] =
        random.Chance(0.3) ? 0.0 : undo.PreparedGrid().spacing[a] * random.Uniform(0.35, coarsest);
  }
  undo.AddResampling(GridWithSpacing(undo.PreparedGrid(), spacing));
  if (random.Chance(0.5))
  {
    itk::Size<3> padded = undo.PreparedGrid().size;
    padded[0] += 3;
    padded[2] += 2;
    undo.AddBox({-1, 0, -2}, padded);
  }
  return undo;
}

} // namespace

TEST(Undo, RoundTripRestoresGridAndEveryLabelVoxel)
{
  RandomEngine random(11);
  for (int trial = 0; trial < 60; ++trial)
  {
    const auto labels =
        NoiseImage<LabelImage>(AwkwardGrid(trial % 2 == 0 ? "RAS" : "SPL", {{9, 11, 7}}), 4, 5);
    const Undo undo = RandomUndo(GridOf(labels), random, false, 1.0);
    const auto prepared = ToPrepared(labels.GetPointer(), undo);
    EXPECT_TRUE(SameGrid(GridOf(prepared), undo.PreparedGrid(), 1e-9));
    const auto back = ToNative(prepared.GetPointer(), undo);
    ASSERT_TRUE(SameGrid(GridOf(back), GridOf(labels), 1e-12));
    ASSERT_EQ(VoxelsOf(back.GetPointer()), VoxelsOf(labels.GetPointer())) << undo.ToJson().dump();
  }
}

TEST(Undo, CroppedVoxelsComeBackAsBackground)
{
  const auto labels = NoiseImage<LabelImage>(AwkwardGrid("LPS", {{6, 5, 4}}), 4, 5);
  Undo undo(GridOf(labels));
  undo.AddOrientation(AxisOrderBetween("LPS", "RAI"));
  undo.AddBox({1, 0, 0}, {{3, 5, 4}}); // reversed x 1 … 3 is native x 2 … 4
  const auto back = ToNative(ToPrepared(labels.GetPointer(), undo).GetPointer(), undo);
  for (std::size_t i = 0; i < 120; ++i)
  {
    const bool kept = i % 6 >= 2 && i % 6 <= 4;
    ASSERT_EQ(back->GetBufferPointer()[i], kept ? labels->GetBufferPointer()[i] : 0);
  }
}

TEST(Undo, NativeAxesAgreeWithThePlacesInMillimetres)
{
  RandomEngine random(12);
  for (int trial = 0; trial < 60; ++trial)
  {
    const ImageGrid native = AwkwardGrid(trial % 2 == 0 ? "IRP" : "LPS", {{9, 11, 7}});
    const Undo undo = RandomUndo(native, random, true, 2.5);
    const auto axes = undo.NativeAxes();
    for (int sample = 0; sample < 20; ++sample)
    {
      std::size_t index[3];
      double prepared[3] = {-1e9, -1e9, -1e9};
      for (unsigned int a = 0; a < 3; ++a)
      {
        index[a] = static_cast<std::size_t>(
            random.Integer(0, static_cast<std::int64_t>(native.size[a]) - 1));
        prepared[axes[a].preparedAxis] = axes[a].position[index[a]];
      }
      const auto here = native.PointAt(static_cast<double>(index[0]),
                                       static_cast<double>(index[1]),
                                       static_cast<double>(index[2]));
      const auto there = undo.PreparedGrid().PointAt(prepared[0], prepared[1], prepared[2]);
      ASSERT_NEAR(here.EuclideanDistanceTo(there), 0.0, 1e-5);
    }
  }
}

TEST(Undo, JsonRestoresTheRecordToTheBit)
{
  RandomEngine random(13);
  for (int trial = 0; trial < 30; ++trial)
  {
    const Undo undo = RandomUndo(AwkwardGrid("SAR", {{9, 11, 7}}), random, true, 2.5);
    const auto text = undo.ToJson().dump();
    const Undo read = Undo::FromJson(nlohmann::json::parse(text), "undo.json");
    ASSERT_EQ(read.ToJson().dump(), text);
    const auto a = undo.NativeAxes();
    const auto b = read.NativeAxes();
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      ASSERT_EQ(a[axis].position, b[axis].position);
      ASSERT_EQ(a[axis].coveredBegin, b[axis].coveredBegin);
      ASSERT_EQ(a[axis].coveredEnd, b[axis].coveredEnd);
    }
  }
}

TEST(Undo, RefusesWhatIsNoRecord)
{
  Undo undo(AwkwardGrid("SAR", {{9, 11, 7}}));
  undo.AddOrientation(AxisOrderBetween("SAR", "LPS"));
  undo.AddBox({1, 1, 1}, {{3, 4, 5}});
  const nlohmann::json good = undo.ToJson();
  const auto refuses = [](nlohmann::json json)
  { EXPECT_THROW(Undo::FromJson(json, "x.json"), UsageError) << json; };
  refuses(nlohmann::json::array());
  auto bad = good;
  bad["schema"] = 99;
  refuses(bad);
  bad = good;
  bad["steps"][0]["kind"] = "shear";
  refuses(bad);
  bad = good;
  bad["steps"][0]["source"] = {0, 0, 1};
  refuses(bad);
  bad = good;
  bad["steps"][1]["grid"]["origin_mm"][0] = 0.0; // contradicts the start of the box
  refuses(bad);
  bad = good;
  bad["native"]["spacing_mm"][1] = -1.0;
  refuses(bad);
  bad = good;
  bad["native"].erase("direction");
  refuses(bad);
}

TEST(Undo, RefusesAnImageOfAnotherGrid)
{
  const ImageGrid grid = AwkwardGrid("SAR", {{9, 11, 7}});
  ImageGrid other = grid;
  other.origin[1] += 0.5;
  const Undo undo(grid);
  const auto label = NewImage<LabelImage>(other);
  EXPECT_THROW(ToPrepared(label.GetPointer(), undo), GeometryError);
  EXPECT_THROW(ToNative(label.GetPointer(), undo), GeometryError);
  Undo resampled(grid);
  EXPECT_THROW(resampled.AddResampling(AwkwardGrid("LPS", {{9, 11, 7}})), UsageError);
}

TEST(Undo, NothingDoneGivesACopy)
{
  const auto label = NoiseImage<LabelImage>(AwkwardGrid("SAR", {{3, 2, 2}}), 4, 5);
  const auto copy = ToPrepared(label.GetPointer(), Undo(GridOf(label)));
  EXPECT_NE(copy->GetBufferPointer(), label->GetBufferPointer());
  EXPECT_EQ(VoxelsOf(copy.GetPointer()), VoxelsOf(label.GetPointer()));
}

} // namespace sulcus
