#include <sulcusComponentRules.h>
#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

#include <cmath>
#include <queue>

namespace sulcus
{

namespace
{

ImageGrid
AwkwardGrid(const itk::Size<3> & size)
{
  ImageGrid grid;
  grid.size = size;
  grid.spacing[0] = 0.5;
  grid.spacing[1] = 1.25;
  grid.spacing[2] = 3.0; // 1.875 mm³ a voxel
  grid.origin[0] = -20.0;
  grid.direction[0][0] = grid.direction[1][1] = std::cos(0.3);
  grid.direction[0][1] = -std::sin(0.3);
  grid.direction[1][0] = std::sin(0.3);
  return grid;
}

/** One string a row of x; rows of y; digits are labels. */
LabelImage::Pointer
Drawing(const std::vector<std::vector<std::string>> & planes)
{
  auto image =
      NewImage<LabelImage>(AwkwardGrid({{planes[0][0].size(), planes[0].size(), planes.size()}}));
  std::uint16_t * out = image->GetBufferPointer();
  for (const auto & plane : planes)
  {
    for (const auto & row : plane)
    {
      for (const char c : row)
      {
        *out++ = static_cast<std::uint16_t>(c - '0');
      }
    }
  }
  return image;
}

std::vector<std::uint16_t>
VoxelsOf(const LabelImage * image)
{
  return {image->GetBufferPointer(),
          image->GetBufferPointer() + image->GetBufferedRegion().GetNumberOfPixels()};
}

/** Breadth-first search, the textbook way: component number of every voxel in the order of first
 * voxels. */
std::vector<int>
FloodFill(const LabelImage * image, int farthest)
{
  const auto size = image->GetBufferedRegion().GetSize();
  const auto nx = static_cast<int>(size[0]);
  const auto ny = static_cast<int>(size[1]);
  const auto nz = static_cast<int>(size[2]);
  const std::uint16_t * voxels = image->GetBufferPointer();
  std::vector<int> number(static_cast<std::size_t>(nx * ny * nz), -1);
  int count = 0;
  for (int seed = 0; seed < nx * ny * nz; ++seed)
  {
    if (voxels[seed] == 0 || number[seed] >= 0)
    {
      continue;
    }
    std::queue<int> open({seed});
    number[seed] = count;
    while (!open.empty())
    {
      const int v = open.front();
      open.pop();
      for (int n = 0; n < 27; ++n)
      {
        const int d[3] = {n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1};
        const int x = v % nx + d[0];
        const int y = v / nx % ny + d[1];
        const int z = v / nx / ny + d[2];
        const bool inside = x >= 0 && x < nx && y >= 0 && y < ny && z >= 0 && z < nz;
        if (inside && std::abs(d[0]) + std::abs(d[1]) + std::abs(d[2]) <= farthest)
        {
          const int w = (z * ny + y) * nx + x;
          if (number[w] < 0 && voxels[w] == voxels[seed])
          {
            number[w] = count;
            open.push(w);
          }
        }
      }
    }
    ++count;
  }
  return number;
}

} // namespace

TEST(LabelComponents, EqualAFloodFillForEveryConnectivity)
{
  RandomEngine random(2);
  for (int trial = 0; trial < 60; ++trial)
  {
    const itk::Size<3> size{{static_cast<std::size_t>(random.Integer(1, 9)),
                             static_cast<std::size_t>(random.Integer(1, 8)),
                             static_cast<std::size_t>(random.Integer(1, 7))}};
    auto image = NewImage<LabelImage>(AwkwardGrid(size));
    const double filled = random.Uniform(0.1, 0.8);
    for (std::size_t i = 0; i < GridOf(image).VoxelCount(); ++i)
    {
      image->GetBufferPointer()[i] =
          static_cast<std::uint16_t>(random.Chance(filled) ? random.Integer(1, 3) : 0);
    }
    int farthest = 1;
    for (const auto connectivity :
         {Connectivity::Faces, Connectivity::Edges, Connectivity::Corners})
    {
      const auto truth = FloodFill(image, farthest++);
      const LabelComponents found(image, connectivity);
      const auto count =
          static_cast<std::size_t>(*std::max_element(truth.begin(), truth.end()) + 1);
      ASSERT_EQ(found.Components().size(), count);
      for (std::size_t c = 0; c < count; ++c)
      {
        // Mark component c alone and compare voxel by voxel.
        auto marked = NewImage<LabelImage>(GridOf(image));
        std::vector<bool> chosen(count, false);
        chosen[c] = true;
        found.Overwrite(marked, chosen, 1);
        std::size_t voxels = 0;
        for (std::size_t i = 0; i < truth.size(); ++i)
        {
          const bool inside = truth[i] == static_cast<int>(c);
          ASSERT_EQ(marked->GetBufferPointer()[i] == 1, inside);
          voxels += inside ? 1 : 0;
        }
        ASSERT_EQ(found.Components()[c].voxels, voxels);
        ASSERT_EQ(truth[found.Components()[c].firstVoxel], static_cast<int>(c));
      }
    }
  }
}

TEST(LabelComponents, EmptyImageHasNone)
{
  const auto image = NewImage<LabelImage>(AwkwardGrid({{4, 3, 2}}));
  EXPECT_TRUE(LabelComponents(image).Components().empty());
  const LabelComponents found(image);
  const auto other = NewImage<LabelImage>(AwkwardGrid({{4, 3, 1}}));
  EXPECT_THROW(found.Overwrite(other, {}, 1), UsageError);
}

TEST(ComponentRules, KeepLargestByHand)
{
  const auto image =
      Drawing({{"1100200", "1000220", "0000000"}, {"0000000", "0000002", "0011000"}});
  std::vector<ComponentRule> rules(3);
  rules[1].keepLargest = true;
  const auto reports = ApplyComponentRules(image, rules);
  const auto expected =
      Drawing({{"1100200", "1000220", "0000000"}, {"0000000", "0000002", "0000000"}});
  EXPECT_EQ(VoxelsOf(image), VoxelsOf(expected));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].label, 1);
  EXPECT_EQ(reports[0].componentsBefore, 2u);
  EXPECT_EQ(reports[0].componentsAfter, 1u);
  EXPECT_EQ(reports[0].voxelsRemoved, 2u);
}

TEST(ComponentRules, TieKeepsTheFirstInMemory)
{
  const auto image = Drawing(
      {{"00011", "00000", "11000"}, {"00000", "00000", "00000"}, {"11000", "00000", "00011"}});
  std::vector<ComponentRule> rules(2);
  rules[1].keepLargest = true;
  ApplyComponentRules(image, rules);
  const auto expected = Drawing(
      {{"00011", "00000", "00000"}, {"00000", "00000", "00000"}, {"00000", "00000", "00000"}});
  EXPECT_EQ(VoxelsOf(image), VoxelsOf(expected));
}

TEST(ComponentRules, SmallestVolumeIsInMillimetresAndSparesTheExactOne)
{
  const auto image = Drawing({{"11101", "00000", "11000"}}); // 3, 1 and 2 voxels of 1.875 mm³
  std::vector<ComponentRule> rules(2);
  rules[1].smallestVolumeInMm3 = 3.75;
  ApplyComponentRules(image, rules);
  EXPECT_EQ(VoxelsOf(image), VoxelsOf(Drawing({{"11100", "00000", "11000"}})));
  rules[1].smallestVolumeInMm3 = 3.7501;
  ApplyComponentRules(image, rules);
  EXPECT_EQ(VoxelsOf(image), VoxelsOf(Drawing({{"11100", "00000", "00000"}})));
  rules[1].keepLargest = true;
  rules[1].smallestVolumeInMm3 = 6.0; // even the largest one is too small
  ApplyComponentRules(image, rules);
  EXPECT_EQ(VoxelsOf(image), std::vector<std::uint16_t>(15, 0));
}

TEST(ComponentRules, LabelValuesAndOtherClassesAreHeeded)
{
  const auto image = Drawing({{"7070", "0505"}, {"0000", "0000"}, {"7700", "5000"}});
  std::vector<ComponentRule> rules(3);
  rules[2].keepLargest = true;
  const auto reports = ApplyComponentRules(image, rules, {0, 5, 7});
  EXPECT_EQ(VoxelsOf(image),
            VoxelsOf(Drawing({{"0000", "0505"}, {"0000", "0000"}, {"7700", "5000"}})));
  EXPECT_EQ(reports[0].label, 7);
  EXPECT_EQ(reports[0].componentsBefore, 3u);
}

TEST(ComponentRules, NoRulesOrAbsentClassChangeNothing)
{
  const auto image = Drawing({{"1010", "0202"}});
  const auto before = VoxelsOf(image);
  EXPECT_TRUE(ApplyComponentRules(image, {}).empty());
  EXPECT_TRUE(ApplyComponentRules(image, std::vector<ComponentRule>(3)).empty());
  std::vector<ComponentRule> rules(4);
  rules[3].keepLargest = true;
  const auto reports = ApplyComponentRules(image, rules);
  EXPECT_EQ(reports[0].componentsBefore, 0u);
  EXPECT_EQ(VoxelsOf(image), before);
}

TEST(ComponentRules, ContradictionsAreRefused)
{
  const auto image = Drawing({{"1010"}});
  std::vector<ComponentRule> rules(2);
  EXPECT_THROW(ApplyComponentRules(image, rules, {0, 1, 2}), UsageError);
  EXPECT_THROW(ApplyComponentRules(image, rules, {1, 2}), UsageError);
  rules[1].smallestVolumeInMm3 = -1.0;
  EXPECT_THROW(ApplyComponentRules(image, rules), UsageError);
}

} // namespace sulcus
