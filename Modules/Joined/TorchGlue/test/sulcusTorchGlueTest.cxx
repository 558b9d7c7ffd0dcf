#include <sulcusError.h>
#include <sulcusTorchGlue.h>

#include <torch/types.h>

#include <gtest/gtest.h>

namespace
{

using namespace sulcus;

ImageGrid
ObliqueGrid()
{
  ImageGrid grid;
  grid.size = {{2, 3, 4}};
  grid.spacing[0] = 0.5;
  grid.spacing[1] = 1.5;
  grid.spacing[2] = 3.0;
  grid.origin[0] = -7;
  grid.origin[1] = 11;
  grid.origin[2] = 5;
  grid.direction[0][0] = 0.8;
  grid.direction[0][1] = -0.6;
  grid.direction[1][0] = 0.6;
  grid.direction[1][1] = 0.8;
  return grid;
}

FloatImage::Pointer
NumberedImage()
{
  const auto image = NewImage<FloatImage>(ObliqueGrid());
  for (int z = 0; z < 4; ++z)
  {
    for (int y = 0; y < 3; ++y)
    {
      for (int x = 0; x < 2; ++x)
      {
        image->SetPixel({{x, y, z}}, static_cast<float>(100 * z + 10 * y + x));
      }
    }
  }
  return image;
}

TEST(TorchGlue, TensorIndexIsZYX)
{
  const torch::Tensor tensor = TensorOf(NumberedImage());
  ASSERT_EQ(tensor.sizes(), torch::IntArrayRef({4, 3, 2}));
  EXPECT_EQ(tensor[3][1][0].item<float>(), 310);
  EXPECT_EQ(tensor[0][2][1].item<float>(), 21);
}

TEST(TorchGlue, TensorOutlivesTheImageHandle)
{
  torch::Tensor tensor;
  {
    const auto image = NumberedImage();
    tensor = TensorOf(image);
    EXPECT_EQ(tensor.data_ptr<float>(), image->GetBufferPointer());
  }
  EXPECT_EQ(tensor.sum().item<float>(), 150 * 24 + 10 * 24 + 12);
}

TEST(TorchGlue, ImageComesBackOnItsGrid)
{
  const auto image = NumberedImage();
  const auto back =
      FloatImageOf(TensorOf(image).transpose(0, 1).contiguous().transpose(0, 1), ObliqueGrid());
  EXPECT_TRUE(SameGrid(GridOf(back), GridOf(image)));
  EXPECT_TRUE(torch::equal(TensorOf(back), TensorOf(image)));
}

TEST(TorchGlue, LabelsComeBackAndOtherNumbersAreRefused)
{
  const auto labels = NewImage<LabelImage>(ObliqueGrid(), 3);
  labels->SetPixel({{1, 2, 3}}, 65535);
  const torch::Tensor tensor = TensorOf(labels.GetPointer());
  EXPECT_EQ(tensor[3][2][1].item<std::int64_t>(), 65535);
  const auto back = LabelImageOf(tensor, ObliqueGrid());
  EXPECT_TRUE(torch::equal(TensorOf(back.GetPointer()), tensor));
  EXPECT_THROW(LabelImageOf(tensor - 4, ObliqueGrid()), UsageError);
  EXPECT_THROW(LabelImageOf(tensor[0], ObliqueGrid()), UsageError);
}

TEST(TorchGlue, StacksChannelsOfOneSizeOnly)
{
  const auto stacked = StackChannels({NumberedImage(), NumberedImage()});
  EXPECT_EQ(stacked.sizes(), torch::IntArrayRef({2, 4, 3, 2}));
  EXPECT_TRUE(torch::equal(stacked[1], TensorOf(NumberedImage())));
  auto grid = ObliqueGrid();
  grid.size[0] = 5;
  EXPECT_THROW(StackChannels({NumberedImage(), NewImage<FloatImage>(grid)}), UsageError);
  EXPECT_THROW(StackChannels({}), UsageError);
}

} // namespace
