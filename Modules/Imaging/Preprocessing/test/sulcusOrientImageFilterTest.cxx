#include "sulcusAwkwardImages.h"
#include <sulcusCropPadImageFilter.h>
#include <sulcusError.h>
#include <sulcusOrientImageFilter.h>

#include <gtest/gtest.h>

namespace sulcus
{

namespace
{

std::vector<std::string>
AllOrientations()
{
  const std::string letters[3] = {"LR", "PA", "SI"};
  const int permutations[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  std::vector<std::string> codes;
  for (const auto & p : permutations)
  {
    for (unsigned int flips = 0; flips < 8; ++flips)
    {
      codes.push_back(
          {letters[p[0]][flips & 1U], letters[p[1]][flips >> 1U & 1U], letters[p[2]][flips >> 2U]});
    }
  }
  return codes;
}

/** Every voxel of `moved` has the value that `image` has at the same place in millimetres. */
template <typename TImage>
void
ExpectSamePlaces(const TImage * image,
                 const TImage * moved,
                 typename TImage::PixelType outside = {})
{
  itk::ImageRegionConstIteratorWithIndex<TImage> it(moved, moved->GetBufferedRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    typename TImage::PointType point;
    moved->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    typename TImage::IndexType index;
    const bool inside = image->TransformPhysicalPointToIndex(point, index);
    ASSERT_EQ(it.Get(), inside ? image->GetPixel(index) : outside) << it.GetIndex();
  }
}

template <typename TImage>
typename TImage::Pointer
Oriented(const TImage * image, const std::string & code)
{
  auto filter = OrientImageFilter<TImage>::New();
  filter->SetInput(image);
  filter->SetOrientation(code);
  filter->Update();
  return filter->GetOutput();
}

} // namespace

TEST(OrientImageFilter, All48By48ObliqueKeepPlacesAndReturnExactly)
{
  for (const auto & from : AllOrientations())
  {
    const auto image = NoiseImage<LabelImage>(AwkwardGrid(from, {{5, 4, 3}}), 60000, 3);
    for (const auto & to : AllOrientations())
    {
      const auto there = Oriented(image.GetPointer(), to);
      ASSERT_EQ(OrientationCode(GridOf(there)), to);
      ExpectSamePlaces(image.GetPointer(), there.GetPointer());
      const auto back = Oriented(there.GetPointer(), from);
      ASSERT_TRUE(SameGrid(GridOf(back), GridOf(image), 1e-9)) << from << to;
      ASSERT_EQ(VoxelsOf(back.GetPointer()), VoxelsOf(image.GetPointer()));
    }
  }
}

TEST(OrientImageFilter, TilesLargerThanOneBlock)
{
  const auto image = NoiseImage<FloatImage>(AwkwardGrid("ASR", {{71, 40, 67}}), 1 << 20, 5);
  ExpectSamePlaces(image.GetPointer(), Oriented(image.GetPointer(), "LPS").GetPointer());
  ExpectSamePlaces(image.GetPointer(), Oriented(image.GetPointer(), "ARS").GetPointer());
}

TEST(OrientImageFilter, InputRegionNotAtZero)
{
  const auto base = NoiseImage<FloatImage>(AwkwardGrid("RAI", {{5, 6, 7}}), 1000, 2);
  auto image = FloatImage::New();
  image->CopyInformation(base);
  FloatImage::RegionType region({{3, -2, 9}}, {{5, 6, 7}});
  image->SetRegions(region);
  image->SetPixelContainer(base->GetPixelContainer());
  const auto moved = Oriented(image.GetPointer(), "SLP");
  EXPECT_EQ(moved->GetBufferedRegion().GetIndex(0), 0);
  ExpectSamePlaces(image.GetPointer(), moved.GetPointer());
}

TEST(OrientImageFilter, RefusesACodeThatIsNone)
{
  auto filter = OrientImageFilter<FloatImage>::New();
  for (const auto * code : {"LPL", "LP", "lps", "LPSA", "XYZ", ""})
  {
    EXPECT_THROW(filter->SetOrientation(code), UsageError) << code;
  }
}

TEST(CropPadImageFilter, BoxKeepsPlacesAndItsInverseRestores)
{
  const auto image = NoiseImage<LabelImage>(AwkwardGrid("RSA", {{9, 8, 7}}), 60000, 7);
  auto grow = CropPadImageFilter<LabelImage>::New();
  grow->SetInput(image);
  grow->SetPadding({{3, 0, 1}}, {{2, 4, -2}});
  grow->SetFillValue(61000);
  grow->Update();
  EXPECT_EQ(grow->GetOutput()->GetBufferedRegion().GetSize(), (itk::Size<3>{{14, 12, 6}}));
  ExpectSamePlaces<LabelImage>(image, grow->GetOutput(), 61000);

  auto shrink = CropPadImageFilter<LabelImage>::New();
  shrink->SetInput(grow->GetOutput());
  shrink->SetPadding({{-3, 0, -1}}, {{-2, -4, 2}});
  shrink->Update();
  EXPECT_TRUE(SameGrid(GridOf(shrink->GetOutput()), GridOf(image), 1e-9));
  auto expected = VoxelsOf(image.GetPointer());
  std::fill(expected.begin() + 5 * 72, expected.end(), 0); // the two planes that were cut off
  EXPECT_EQ(VoxelsOf<LabelImage>(shrink->GetOutput()), expected);
}

TEST(CropPadImageFilter, BoxBesideTheImageIsAllFill)
{
  const auto image = NoiseImage<FloatImage>(AwkwardGrid("LPS", {{4, 4, 4}}), 9, 7);
  auto filter = CropPadImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetStart({{10, -20, 0}});
  filter->SetSize({{3, 2, 2}});
  filter->SetFillValue(-5.0F);
  filter->Update();
  EXPECT_EQ(VoxelsOf<FloatImage>(filter->GetOutput()), std::vector<float>(12, -5.0F));
  filter->SetSize({{3, 0, 2}});
  EXPECT_THROW(filter->Update(), UsageError);
}

} // namespace sulcus
