#include <sulcusRandomEngine.h>
#include <sulcusShapeAveragingImageFilter.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

using Bytes = itk::Image<std::uint8_t, 3>;
constexpr std::array<std::size_t, 3> Size{11, 9, 8};
constexpr std::array<double, 3> Spacing{0.8, 1.1, 2.5};
constexpr std::uint8_t NotSeen = 99;

Bytes::Pointer
MakeImage(const std::vector<std::uint8_t> & values)
{
  auto image = Bytes::New();
  image->SetRegions(Bytes::SizeType{{Size[0], Size[1], Size[2]}});
  image->SetSpacing(Spacing.data());
  image->Allocate();
  std::copy(values.begin(), values.end(), image->GetBufferPointer());
  return image;
}

double
Distance(std::size_t p, std::size_t q)
{
  const double x = (double(p % Size[0]) - double(q % Size[0])) * Spacing[0];
  const double y = (double(p / Size[0] % Size[1]) - double(q / Size[0] % Size[1])) * Spacing[1];
  const double z = (double(p / Size[0] / Size[1]) - double(q / Size[0] / Size[1])) * Spacing[2];
  return std::sqrt(x * x + y * y + z * z);
}

/** Depth of a voxel in a label of one map, from all pairs of voxels. */
double
Depth(const std::vector<std::uint8_t> & map, std::size_t voxel, std::uint8_t label)
{
  const double farthest = std::hypot(
      double(Size[0]) * Spacing[0], double(Size[1]) * Spacing[1], double(Size[2]) * Spacing[2]);
  double toInside = farthest;
  double toOutside = farthest;
  for (std::size_t q = 0; q < map.size(); ++q)
  {
    if (map[q] != NotSeen)
    {
      auto & nearest = map[q] == label ? toInside : toOutside;
      nearest = std::min(nearest, Distance(voxel, q));
    }
  }
  return toInside - toOutside;
}

TEST(ShapeAveragingImageFilter, EqualsMeanDistancesOverAllPairs)
{
  RandomEngine random(12);
  std::vector<std::vector<std::uint8_t>> maps;
  for (int r = 0; r < 3; ++r)
  {
    std::vector<std::uint8_t> map;
    for (std::size_t p = 0; p < Size[0] * Size[1] * Size[2]; ++p)
    {
      const double radius = Distance(p, 390) + random.Uniform(-0.6, 0.6);
      map.push_back(random.Chance(0.1) ? NotSeen : radius > 4.5 ? 0 : p % Size[0] < 5 ? 1 : 2);
    }
    maps.push_back(map);
  }
  auto filter = ShapeAveragingImageFilter<Bytes>::New();
  for (unsigned r = 0; r < 3; ++r)
  {
    filter->SetAnnotation(r, MakeImage(maps[r]));
  }
  filter->SetMissingValue(NotSeen);
  filter->Update();
  for (std::size_t p = 0; p < maps[0].size(); ++p)
  {
    std::array<double, 3> depth{};
    double seen = 0.0;
    for (const auto & map : maps)
    {
      seen += map[p] != NotSeen ? 1.0 : 0.0;
      for (std::uint8_t label = 0; label < 3 && map[p] != NotSeen; ++label)
      {
        depth[label] += Depth(map, p, label);
      }
    }
    const int found = filter->GetOutput()->GetBufferPointer()[p];
    if (seen == 0.0)
    {
      EXPECT_EQ(found, 0) << "nobody saw it";
      continue;
    }
    const double best = *std::min_element(depth.begin(), depth.end());
    EXPECT_NEAR(depth[std::size_t(found)], best, 1e-4) << p;
  }
}

TEST(ShapeAveragingImageFilter, MeanOfTwoSlabsLiesHalfway)
{
  const auto slab = [](std::size_t end)
  {
    std::vector<std::uint8_t> map;
    for (std::size_t p = 0; p < Size[0] * Size[1] * Size[2]; ++p)
    {
      map.push_back(p % Size[0] < end ? 1 : 0);
    }
    return MakeImage(map);
  };
  auto filter = ShapeAveragingImageFilter<Bytes>::New();
  filter->SetAnnotation(0, slab(3));
  filter->SetAnnotation(1, slab(7));
  filter->Update();
  for (std::size_t x = 0; x < Size[0]; ++x)
  {
    EXPECT_EQ(filter->GetOutput()->GetBufferPointer()[x], x < 5 ? 1 : 0) << x;
  }
}

} // namespace
} // namespace sulcus
