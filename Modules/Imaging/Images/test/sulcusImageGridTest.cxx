#include <sulcusImageGrid.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace sulcus;

namespace
{

/** Rotated about z by 30 degrees and about x by 20, anisotropic, offset origin, first axis flipped.
 */
ImageGrid
ObliqueGrid()
{
  ImageGrid grid;
  grid.size = {{7, 5, 3}};
  grid.spacing[0] = 0.8;
  grid.spacing[1] = 1.1;
  grid.spacing[2] = 3.5;
  grid.origin[0] = -12.5;
  grid.origin[1] = 40.0;
  grid.origin[2] = 7.25;
  const double a = M_PI / 6.0;
  const double b = M_PI / 9.0;
  const double columns[3][3] = {
      {-std::cos(a), -std::sin(a) * std::cos(b), -std::sin(a) * std::sin(b)},
      {-std::sin(a), std::cos(a) * std::cos(b), std::cos(a) * std::sin(b)},
      {0.0, -std::sin(b), std::cos(b)}};
  for (int axis = 0; axis < 3; ++axis)
  {
    for (int row = 0; row < 3; ++row)
    {
      grid.direction[row][axis] = columns[axis][row];
    }
  }
  return grid;
}

} // namespace

TEST(ImageGrid, AgreesWithItkOnPhysicalPoints)
{
  const auto image = NewImage<FloatImage>(ObliqueGrid());
  const auto grid = GridOf(image);
  const FloatImage::IndexType index{{4, 1, 2}};
  FloatImage::PointType expected;
  image->TransformIndexToPhysicalPoint(index, expected);
  EXPECT_LT((grid.PointAt(4, 1, 2) - expected).GetNorm(), 1e-12);
}

TEST(ImageGrid, RegionThatStartsElsewhereMovesTheOrigin)
{
  const auto image = FloatImage::New();
  const auto source = ObliqueGrid();
  SetGrid(image, source);
  FloatImage::RegionType region;
  region.SetIndex({{2, 1, 1}});
  region.SetSize({{3, 3, 2}});
  image->SetRegions(region);
  const auto grid = GridOf(image);
  EXPECT_LT((grid.origin - source.PointAt(2, 1, 1)).GetNorm(), 1e-12);
  EXPECT_EQ(grid.size, region.GetSize());
}

TEST(ImageGrid, AffineRoundTrip)
{
  const auto grid = ObliqueGrid();
  const auto again = GridFromAffine(AffineOf(grid), grid.size);
  EXPECT_LT(LargestCornerDistance(grid, again), 1e-12);
  EXPECT_NEAR(again.spacing[2], 3.5, 1e-12);
}

TEST(ImageGrid, RasDiffersInTheFirstTwoRowsOnly)
{
  const auto grid = ObliqueGrid();
  const auto lps = AffineOf(grid).RowMajor();
  const auto ras = RasAffineOf(grid).RowMajor();
  for (int i = 0; i < 12; ++i)
  {
    EXPECT_DOUBLE_EQ(ras[i], i < 8 ? -lps[i] : lps[i]);
  }
}

TEST(ImageGrid, ShearAndSingularMatricesAreRefused)
{
  auto values = AffineOf(ObliqueGrid()).RowMajor();
  values[1] += 0.05;
  EXPECT_THROW(GridFromAffine(Affine(values), {{2, 2, 2}}), GeometryError);
  EXPECT_THROW(GridFromAffine(Affine(std::array<double, 12>{}), {{2, 2, 2}}), GeometryError);
  values = AffineOf(ObliqueGrid()).RowMajor();
  values[6] = std::nan("");
  EXPECT_THROW(GridFromAffine(Affine(values), {{2, 2, 2}}), GeometryError);
}

TEST(RequireSameGrid, ToleranceIsOneMicrometreAtTheCorners)
{
  const auto a = ObliqueGrid();
  auto b = a;
  b.origin[1] += 0.0009;
  EXPECT_NO_THROW(RequireSameGrid(a, b, "image", "label"));
  b.origin[1] += 0.0003;
  EXPECT_THROW(RequireSameGrid(a, b, "image", "label"), GeometryError);
}

TEST(RequireSameGrid, SmallSpacingErrorShowsAtTheFarCorner)
{
  const auto a = ObliqueGrid();
  auto b = a;
  b.spacing[0] += 0.0005; // 6 steps: 0.003 mm at the far side
  EXPECT_NEAR(LargestCornerDistance(a, b), 0.003, 1e-9);
  EXPECT_FALSE(SameGrid(a, b));
}

TEST(RequireSameGrid, NamesBothImages)
{
  const auto a = ObliqueGrid();
  auto b = a;
  b.size[2] = 4;
  try
  {
    RequireSameGrid(a, b, "t1.nii.gz", "label.nii.gz");
    FAIL();
  }
  catch (const GeometryError & error)
  {
    const std::string text = error.what();
    EXPECT_NE(text.find("t1.nii.gz"), std::string::npos);
    EXPECT_NE(text.find("label.nii.gz"), std::string::npos);
    EXPECT_NE(text.find("7x5x4"), std::string::npos);
  }
}

TEST(RequireSameGrid, NotANumberIsNeverTheSame)
{
  const auto a = ObliqueGrid();
  auto b = a;
  b.origin[0] = std::nan("");
  EXPECT_FALSE(SameGrid(a, b));
}

TEST(OrientationCode, NamesTheDirectionOfEachAxis)
{
  EXPECT_EQ(OrientationCode(ImageGrid{}), "LPS");
  auto grid = ImageGrid{};
  grid.direction.Fill(0.0);
  grid.direction[2][0] = -1.0; // x index runs to the feet
  grid.direction[0][1] = -1.0; // y index runs to the right
  grid.direction[1][2] = -1.0; // z index runs to the front
  EXPECT_EQ(OrientationCode(grid), "IRA");
  EXPECT_EQ(OrientationCode(ObliqueGrid()), "RPS");
}
