#include <sulcusGridFlow.h>
#include <sulcusSparseFlow.h>
#include <sulcusVolumeFile.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

struct Dimacs
{
  GridSize size{};
  std::vector<std::int64_t> source;
  std::vector<std::int64_t> sink;
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> arcs;
};

Dimacs
ReadDimacs(const fs::path & path)
{
  Dimacs problem;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line))
  {
    std::istringstream text(line);
    std::string kind;
    text >> kind;
    if (kind == "c")
    {
      std::string word;
      text >> word;
      if (word == "regulargrid")
      {
        text >> problem.size[0] >> problem.size[1] >> problem.size[2];
        problem.source.resize(GridVoxelCount(problem.size));
        problem.sink.resize(problem.source.size());
      }
    }
    else if (kind == "a")
    {
      std::size_t from = 0;
      std::size_t to = 0;
      std::int64_t capacity = 0;
      text >> from >> to >> capacity;
      if (from == 1)
      {
        problem.source.at(to - 3) += capacity;
      }
      else if (to == 2)
      {
        problem.sink.at(from - 3) += capacity;
      }
      else
      {
        problem.arcs[{from - 3, to - 3}] += capacity;
      }
    }
  }
  return problem;
}

/** Labels of a NIfTI file. */
std::vector<std::uint8_t>
ReadBytes(const fs::path & path, std::size_t count)
{
  const auto file = ReadVolumeFile(path.string());
  std::vector<std::uint16_t> labels(count);
  DecodeLabels(file, 0, 0, labels, path.string());
  return { labels.begin(), labels.end() };
}

class FlowVectors : public testing::Test
{
protected:
  void
  SetUp() override
  {
    const char * root = std::getenv("SULCUS_TEST_DATA");
    if (!root)
    {
      GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
    }
    folder = fs::path(root) / "vectors" / "maxflow-grid3d";
    std::ifstream(folder / "reference_flows.json") >> flows;
  }

  fs::path folder;
  nlohmann::json flows;
};

TEST_F(FlowVectors, GridAndSparseSolversReachEveryReferenceFlow)
{
  std::size_t checked = 0;
  for (const auto & [name, reference] : flows.items())
  {
    if (!reference.is_object() || !reference.contains("flow"))
    {
      continue;
    }
    const auto file = folder / fs::path(name).filename();
    const auto problem = ReadDimacs(file);
    const auto voxels = problem.source.size();
    const GridSize size = reference["dims"];
    ASSERT_EQ(problem.size, size) << name;

    std::vector<std::int32_t> unary(voxels);
    SparseFlow sparse(voxels);
    std::int64_t constant = 0; // flow straight from source to sink through one node
    for (std::size_t p = 0; p < voxels; ++p)
    {
      unary[p] = std::int32_t(problem.source[p] - problem.sink[p]);
      sparse.AddUnary(p, unary[p]);
      constant += std::min(problem.source[p], problem.sink[p]);
    }
    StoredGridCapacities capacities(13, voxels);
    const auto steps = GridNeighbourhood(26).ForwardSteps();
    const auto allOffsets = GridNeighbourhood(26).Offsets(size);
    const auto capacity = [&](std::size_t from, std::size_t to)
    {
      const auto found = problem.arcs.find({from, to});
      return found == problem.arcs.end() ? 0 : found->second;
    };
    for (const auto & [ends, forward] : problem.arcs)
    {
      const auto tail = std::min(ends.first, ends.second);
      const auto head = std::max(ends.first, ends.second);
      const auto step =
          std::find(allOffsets.begin(), allOffsets.end(), std::ptrdiff_t(head - tail)) -
          allOffsets.begin() - 13;
      ASSERT_GE(step, 0) << name;
      capacities.Set(unsigned(step),
                     tail,
                     std::uint32_t(capacity(tail, head)),
                     std::uint32_t(capacity(head, tail)));
      sparse.AddEdge(ends.first, ends.second, forward, 0);
    }
    std::vector<std::uint8_t> labels(voxels);
    const auto report = SolveGridFlow({size, 26, unary, &capacities}, labels);
    EXPECT_EQ(report.energy + constant, reference["flow"].get<std::int64_t>()) << name;
    EXPECT_EQ(report.dualBound, report.energy) << name;
    EXPECT_EQ(sparse.Solve().energy, report.energy) << name;
    auto expected = file;
    expected.replace_filename(file.stem().string() + "_minimal_source_set.nii.gz");
    EXPECT_EQ(labels, ReadBytes(expected, voxels)) << name;
    ++checked;
  }
  EXPECT_EQ(checked, 10U);
}

} // namespace
} // namespace sulcus
