#pragma once

#include <sulcusPlan.h>
#include <sulcusPreparedCache.h>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>

namespace sulcus::test
{

/** One generated case: image(x, y, z) = case number · 1000 + 100 z + 10 y + x, two balls as
 * structures. */
struct TestCase
{
  explicit TestCase(int number, const std::array<std::int64_t, 3> & size)
      : size(size), number(number)
  {
    image.resize(static_cast<std::size_t>(size[0] * size[1] * size[2]));
    label.resize(image.size());
    std::size_t at = 0;
    for (std::int64_t z = 0; z < size[0]; ++z)
    {
      for (std::int64_t y = 0; y < size[1]; ++y)
      {
        for (std::int64_t x = 0; x < size[2]; ++x, ++at)
        {
          image[at] = static_cast<float>(number * 1000) + static_cast<float>(100 * z + 10 * y + x);
          const auto ball = [&](double cz, double cy, double cx, double r)
          {
            return std::hypot(static_cast<double>(z) - cz,
                              static_cast<double>(y) - cy,
                              static_cast<double>(x) - cx) < r;
          };
          label[at] = ball(3, 4, 5, 2.1) ? 1 : ball(9, 10, 20, 1.5) ? 2 : 0;
        }
      }
    }
    entry.id = "case_" + std::to_string(100 + number);
    entry.subject = "subject_" + std::to_string(number);
    entry.split = "train";
    entry.foreground = {{0, 0, 0}, size};
    entry.millimetreFromVoxel =
        Affine::FromGrid({1, 1, 1}, {10.0 * number, -5, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  }

  PreparedVolume
  Volume() const
  {
    PreparedVolume volume;
    volume.channels = channels;
    volume.classes = 3;
    volume.size = size;
    volume.image = image;
    if (labelled)
    {
      volume.label = label;
    }
    volume.softLabel = softLabel;
    volume.weight = weight;
    volume.observed = observed;
    return volume;
  }

  std::array<std::int64_t, 3> size;
  int number;
  int channels = 1;
  bool labelled = true;
  PreparedCase entry;
  std::vector<float> image;
  std::vector<std::uint8_t> label;
  std::vector<float> softLabel;
  std::vector<float> weight;
  std::vector<std::uint8_t> observed;
};

/** A folder of its own for each test, removed afterwards, and a cache in it. */
class CacheTest : public testing::Test
{
protected:
  CacheTest()
  {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "sulcusDatasetsXXXXXX").string();
    m_Folder = mkdtemp(pattern.data());
    m_Plan.labels = {{0, "background"}, {1, "large"}, {2, "small"}};
    m_Plan.patchSize = {8, 8, 8};
    m_Plan.network.classes = 3;
  }
  ~CacheTest() override
  {
    std::error_code ignoredBecauseOnlyTidying;
    std::filesystem::remove_all(m_Folder, ignoredBecauseOnlyTidying);
  }

  std::shared_ptr<const PreparedCache>
  MakeCache(
      int count,
      const std::function<void(TestCase &)> & edit = [](TestCase &) {},
      const std::array<std::int64_t, 3> & size = {14, 16, 26})
  {
    PreparedCacheWriter writer(
        m_Folder / std::to_string(m_Caches++), PlanToJson(m_Plan), Overwrite::Refuse);
    for (int number = 1; number <= count; ++number)
    {
      TestCase one(number, size);
      edit(one);
      writer.Add(one.entry, one.Volume());
    }
    writer.Finish();
    return std::make_shared<PreparedCache>(m_Folder / std::to_string(m_Caches - 1));
  }

  std::filesystem::path m_Folder;
  Plan m_Plan;
  int m_Caches = 0;
};

} // namespace sulcus::test
