#include "sulcusAnatomicalPlane.h"

#include "sulcusAwkwardGrid.h"
#include "sulcusSliceFrame.h"
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

using Marks = std::array<std::string, 4>;

ImageGrid
GridOfColumns(const std::array<std::array<double, 3>, 3> & columns)
{
  ImageGrid grid;
  grid.size = {{20, 30, 40}};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    for (unsigned int row = 0; row < 3; ++row)
    {
      grid.direction[row][axis] = columns[axis][row];
    }
  }
  return grid;
}

} // namespace

TEST(AnatomicalPlane, MarksOfAnLpsGridAreThoseOfTheTextbook)
{
  ImageGrid grid;
  grid.size = {{4, 4, 4}};
  EXPECT_EQ(AxesOf(grid, Plane::Axial, Convention::Radiological).marks,
            (Marks{"R", "L", "A", "P"}));
  EXPECT_EQ(AxesOf(grid, Plane::Axial, Convention::Neurological).marks,
            (Marks{"L", "R", "A", "P"}));
  EXPECT_EQ(AxesOf(grid, Plane::Coronal, Convention::Radiological).marks,
            (Marks{"R", "L", "S", "I"}));
  EXPECT_EQ(AxesOf(grid, Plane::Coronal, Convention::Neurological).marks,
            (Marks{"L", "R", "S", "I"}));
  for (const auto convention : {Convention::Radiological, Convention::Neurological})
  {
    EXPECT_EQ(AxesOf(grid, Plane::Sagittal, convention).marks, (Marks{"A", "P", "S", "I"}));
  }
}

TEST(AnatomicalPlane, MarksFollowTheDirectionCosinesAndNotTheIndexAxes)
{
  const auto ras = GridOfColumns({{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}});
  const auto axial = AxesOf(ras, Plane::Axial, Convention::Radiological);
  EXPECT_EQ(axial.marks, (Marks{"R", "L", "A", "P"}));
  EXPECT_TRUE(axial.rightReversed && axial.downReversed);
  const auto awkward = AwkwardGrid({{10, 10, 10}}); // axes to the head, the right, the front
  const auto coronal = AxesOf(awkward, Plane::Coronal, Convention::Radiological);
  EXPECT_EQ(coronal.across, 2U);
  EXPECT_EQ(coronal.right, 1U);
  EXPECT_EQ(coronal.down, 0U);
  EXPECT_EQ(coronal.marks, (Marks{"R", "L", "S", "I"}));
}

TEST(AnatomicalPlane, LeaningAxesNameBothSides)
{
  const double c = std::cos(0.5); // 29 degrees
  const double s = std::sin(0.5);
  const auto grid = GridOfColumns({{{c, s, 0}, {-s, c, 0}, {0, 0, 1}}});
  EXPECT_EQ(AxesOf(grid, Plane::Axial, Convention::Radiological).marks,
            (Marks{"RA", "LP", "AL", "PR"}));
}

TEST(AnatomicalPlane, EveryPictureRunsTheWayItsMarksSay)
{
  RandomEngine random(8);
  for (int round = 0; round < 200; ++round)
  {
    // A random rotation by quaternion, sometimes mirrored.
    double q[4];
    double norm = 0.0;
    for (auto & value : q)
    {
      value = random.Normal();
      norm += value * value;
    }
    for (auto & value : q)
    {
      value /= std::sqrt(norm);
    }
    const auto [w, x, y, z] = q;
    const double mirror = random.Chance(0.5) ? -1 : 1;
    const auto grid =
        GridOfColumns({{{1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)},
                        {2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)},
                        {mirror * 2 * (x * z + w * y),
                         mirror * 2 * (y * z - w * x),
                         mirror * (1 - 2 * (x * x + y * y))}}});
    for (const auto plane : {Plane::Axial, Plane::Coronal, Plane::Sagittal})
    {
      for (const auto convention : {Convention::Radiological, Convention::Neurological})
      {
        const auto frame = FrameOfWholeSlice(grid, AxesOf(grid, plane, convention), 5, 64, 64);
        const auto from = frame.IndexAt(10, 10);
        const auto at = [&](double dx, double dy)
        {
          const auto to = frame.IndexAt(10 + dx, 10 + dy);
          return grid.PointAt(to[0], to[1], to[2]) - grid.PointAt(from[0], from[1], from[2]);
        };
        const auto towards = [](const auto & vector, char side)
        {
          const auto body = std::string("LPSRAI").find(side);
          return body < 3 ? vector[static_cast<unsigned int>(body)]
                          : -vector[static_cast<unsigned int>(body - 3)];
        };
        const auto & marks = frame.axes.marks;
        EXPECT_GT(towards(at(-1, 0), marks[0][0]), 0.5 * frame.mmPerPixel);
        EXPECT_GT(towards(at(1, 0), marks[1][0]), 0.5 * frame.mmPerPixel);
        EXPECT_GT(towards(at(0, -1), marks[2][0]), 0.5 * frame.mmPerPixel);
        EXPECT_GT(towards(at(0, 1), marks[3][0]), 0.5 * frame.mmPerPixel);
      }
    }
  }
}

TEST(AnatomicalPlane, UnknownNamesListTheKnown)
{
  EXPECT_EQ(PlaneFromName("sagittal"), Plane::Sagittal);
  EXPECT_EQ(ConventionFromName("neurological"), Convention::Neurological);
  EXPECT_THROW(PlaneFromName("axal"), UsageError);
  EXPECT_THROW(ConventionFromName("left"), UsageError);
  ImageGrid::Base::PointType point;
  point[0] = -3.25;
  point[1] = 4.0;
  point[2] = 12.34;
  EXPECT_EQ(PositionText(Plane::Axial, point), "S 12.3");
  EXPECT_EQ(PositionText(Plane::Coronal, point), "P 4.0");
  EXPECT_EQ(PositionText(Plane::Sagittal, point), "R 3.2");
}

} // namespace sulcus
