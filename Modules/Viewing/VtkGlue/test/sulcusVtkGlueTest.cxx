#include "sulcusVtkGlue.h"

#include <vtkImageData.h>
#include <vtkMatrix4x4.h>

#include <gtest/gtest.h>

#include <cmath>

namespace sulcus
{
namespace
{

ImageGrid
ObliqueGrid()
{
  ImageGrid grid;
  grid.size = {{3, 4, 5}};
  grid.spacing[0] = 0.7;
  grid.spacing[1] = 1.5;
  grid.spacing[2] = 3.0;
  grid.origin[0] = -20.0;
  grid.origin[1] = 33.0;
  grid.origin[2] = 5.5;
  const double c = std::cos(0.4);
  const double s = std::sin(0.4);
  grid.direction[0][0] = -c;
  grid.direction[1][0] = s;
  grid.direction[0][1] = s;
  grid.direction[1][1] = c;
  return grid;
}

} // namespace

TEST(VtkGlue, MatricesGiveThePointsOfTheGrid)
{
  const auto grid = ObliqueGrid();
  const double index[4] = {2, 1, 4, 1};
  const auto expected = grid.PointAt(2, 1, 4);
  double point[4];
  LpsFromIndex(grid)->MultiplyPoint(index, point);
  for (unsigned int i = 0; i < 3; ++i)
  {
    EXPECT_NEAR(point[i], expected[i], 1e-12);
  }
  const double millimetres[4] = {2 * 0.7, 1 * 1.5, 4 * 3.0, 1};
  LpsFromMillimetres(grid)->MultiplyPoint(millimetres, point);
  for (unsigned int i = 0; i < 3; ++i)
  {
    EXPECT_NEAR(point[i], expected[i], 1e-12);
  }
}

TEST(VtkGlue, VoxelsAreSharedInTheSameOrder)
{
  const auto image = NewImage<LabelImage>(ObliqueGrid());
  image->SetPixel({{2, 1, 4}}, 777);
  const auto data = ToVtk(image, VtkFrame::Millimetres);
  EXPECT_EQ(data->GetScalarPointer(), image->GetBufferPointer());
  EXPECT_EQ(data->GetScalarComponentAsDouble(2, 1, 4, 0), 777.0);
  EXPECT_EQ(data->GetSpacing()[2], 3.0);
  EXPECT_EQ(data->GetOrigin()[0], 0.0);
  EXPECT_EQ(ToVtk(image, VtkFrame::Index)->GetSpacing()[2], 1.0);
}

TEST(VtkGlue, VtkImageOutlivesTheImageHandle)
{
  vtkSmartPointer<vtkImageData> data;
  const FloatImage * address = nullptr;
  {
    const auto image = NewImage<FloatImage>(ObliqueGrid(), 2.5F);
    address = image;
    EXPECT_EQ(image->GetReferenceCount(), 1);
    data = ToVtk(image, VtkFrame::Index);
    EXPECT_EQ(image->GetReferenceCount(), 2);
  }
  EXPECT_EQ(address->GetReferenceCount(), 1);
  EXPECT_EQ(data->GetScalarComponentAsDouble(1, 2, 3, 0), 2.5);
  const FloatImage::ConstPointer again = address;
  data = nullptr;
  EXPECT_EQ(again->GetReferenceCount(), 1); // released with the VTK image
}

} // namespace sulcus
