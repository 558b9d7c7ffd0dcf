#pragma once

#include <sulcusPlan.h>
#include <sulcusPreparedCache.h>
#include <sulcusRandomEngine.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** The smallest network there is, on patches of 8 voxels. */
inline Plan
BallPlan()
{
  Plan plan;
  plan.dataset = "balls";
  plan.labels = {{0, "background"}, {1, "ball"}};
  plan.targetSpacingInMm = {1, 1, 1};
  plan.normalisation.resize(1);
  plan.network.widths = {16, 16};
  plan.network.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.network.kernels = {{3, 3, 3}, {3, 3, 3}};
  plan.network.dropout = 0.1; // its random draws must survive a resume, too
  plan.network.deepSupervision = 0;
  plan.patchSize = {8, 8, 8};
  plan.batchSize = 2;
  return plan;
}

/** A bright ball in noise, off centre. */
inline void
AddBall(PreparedCacheWriter & writer,
        int number,
        bool labelled,
        const std::string & split = "train")
{
  constexpr std::int64_t edge = 16;
  RandomEngine random = RandomEngine(5).Fork(static_cast<std::uint64_t>(number));
  std::vector<float> image;
  std::vector<std::uint8_t> label;
  for (std::int64_t z = 0; z < edge; ++z)
  {
    for (std::int64_t y = 0; y < edge; ++y)
    {
      for (std::int64_t x = 0; x < edge; ++x)
      {
        const auto dz = static_cast<double>(z - 6);
        const auto dy = static_cast<double>(y - 9);
        const auto dx = static_cast<double>(x - 7);
        const bool inside = dz * dz + dy * dy + dx * dx < 16.0 + number;
        label.push_back(inside ? 1 : 0);
        image.push_back(static_cast<float>(random.Normal(inside ? 1.5 : -0.5, 0.5)));
      }
    }
  }
  PreparedCase entry;
  entry.id = "case" + std::to_string(number);
  entry.subject = entry.id;
  entry.split = split;
  entry.foreground = {{0, 0, 0}, {edge, edge, edge}};
  entry.millimetreFromVoxel =
      Affine::FromGrid({1, 1, 1}, {-80, 12, 3}, {0, -1, 0, 1, 0, 0, 0, 0, 1});
  PreparedVolume volume;
  volume.channels = 1;
  volume.classes = 2;
  volume.size = {edge, edge, edge};
  volume.image = image;
  if (labelled)
  {
    volume.label = label;
  }
  writer.Add(entry, volume);
}

/** Cases case0, case1, …: first the labelled ones, then the unlabelled, then validation cases. */
inline void
WriteBallCache(const std::filesystem::path & folder,
               int labelled = 2,
               int unlabelled = 1,
               int validating = 0,
               const Plan & ofPlan = BallPlan())
{
  const auto plan = nlohmann::json::parse(PlanToJson(ofPlan).dump());
  PreparedCacheWriter writer(folder, plan, Overwrite::Allow);
  for (int number = 0; number < labelled + unlabelled; ++number)
  {
    AddBall(writer, number, number < labelled);
  }
  for (int number = 0; number < validating; ++number)
  {
    AddBall(writer, labelled + unlabelled + number, true, "validation");
  }
  writer.Finish();
}

} // namespace sulcus
