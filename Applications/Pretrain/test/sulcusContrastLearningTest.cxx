#include <sulcusModelFile.h>
#include <sulcusPreparedCache.h>
#include <sulcusRandomEngine.h>
#include <sulcusRunProgram.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace sulcus
{
namespace
{

constexpr std::int64_t edge = 24;

Plan
PhantomPlan()
{
  Plan plan;
  plan.dataset = "ellipsoids";
  plan.labels = {{0, "background"}, {1, "lower"}, {2, "upper"}};
  plan.targetSpacingInMm = {1, 1, 1};
  plan.normalisation.resize(1);
  plan.network.classes = 3;
  plan.network.widths = {16, 32, 32};
  plan.network.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}};
  plan.network.kernels = {{3, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  plan.patchSize = {16, 16, 16};
  plan.batchSize = 2;
  return plan;
}

/** A body with two organs, one above the other; place, size and brightness differ by subject. */
struct Phantom
{
  explicit Phantom(int number)
  {
    RandomEngine random = RandomEngine(9).Fork(static_cast<std::uint64_t>(number));
    const double gain = random.Uniform(0.8, 1.2);
    double centre[2][3];
    double radius[2];
    for (int organ = 0; organ < 2; ++organ)
    {
      const double z = organ == 0 ? 6.5 : 17.0;
      const double x = organ == 0 ? 9.0 : 14.0;
      centre[organ][0] = z + random.Uniform(-1.5, 1.5);
      centre[organ][1] = 12.0 + random.Uniform(-1.5, 1.5);
      centre[organ][2] = x + random.Uniform(-1.5, 1.5);
      radius[organ] = (organ == 0 ? 4.5 : 3.5) * random.Uniform(0.85, 1.15);
    }
    for (std::int64_t z = 0; z < edge; ++z)
    {
      for (std::int64_t y = 0; y < edge; ++y)
      {
        for (std::int64_t x = 0; x < edge; ++x)
        {
          std::uint8_t label = 0;
          for (int organ = 0; organ < 2; ++organ)
          {
            const double dz = (static_cast<double>(z) - centre[organ][0]) / 0.8;
            const double dy = static_cast<double>(y) - centre[organ][1];
            const double dx = static_cast<double>(x) - centre[organ][2];
            if (dz * dz + dy * dy + dx * dx < radius[organ] * radius[organ])
            {
              label = static_cast<std::uint8_t>(organ + 1);
            }
          }
          const double ry = (static_cast<double>(y) - 11.5) / 11.0;
          const double rx = (static_cast<double>(x) - 11.5) / 11.0;
          const bool body = ry * ry + rx * rx < 1.0;
          const double value = label == 1 ? 1.0 : label == 2 ? 1.4 : body ? 0.4 : -0.6;
          labels.push_back(label);
          image.push_back(static_cast<float>(gain * value + random.Normal(0.0, 0.35)));
        }
      }
    }
  }

  std::vector<float> image;
  std::vector<std::uint8_t> labels;
};

void
WritePhantoms(const std::filesystem::path & folder)
{
  PreparedCacheWriter writer(
      folder, nlohmann::json::parse(PlanToJson(PhantomPlan()).dump()), Overwrite::Refuse);
  for (int number = 0; number < 23; ++number)
  {
    const Phantom phantom(number);
    const bool validates = number >= 17;
    PreparedCase entry;
    entry.id = "phantom" + std::to_string(number);
    entry.subject = entry.id;
    entry.split = validates ? "validation" : "train";
    entry.foreground = {{0, 0, 0}, {edge, edge, edge}};
    entry.millimetreFromVoxel =
        Affine::FromGrid({1, 1, 1}, {-10, 20, 5}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
    PreparedVolume volume;
    volume.channels = 1;
    volume.classes = 3;
    volume.size = {edge, edge, edge};
    volume.image = phantom.image;
    if (validates || number == 0)
    {
      volume.label = phantom.labels;
    }
    writer.Add(entry, volume);
  }
  writer.Finish();
}

} // namespace

/** Oracle T13: 16 unlabelled and 1 labelled phantoms. Fine-tuning after G_D and L_R is at least as
 * good as from random weights, on the mean of three seeds, and patches of held-out volumes find
 * their part of the body in other volumes. */
TEST(SlowContrast, T13PretrainingHelpsAndKnowsWhereItIs)
{
  const TestFolder scratch;
  WritePhantoms(scratch / "cache");
  const auto cache = (scratch / "cache").string();
  const auto run =
      [&](const std::string & verb, const std::string & name, std::vector<std::string> more)
  {
    more.insert(
        more.begin(),
        {cache, "--output", (scratch / name).string(), "--threads", "1", "--device", "cpu"});
    const auto result = RunProgram(verb, more);
    EXPECT_EQ(result.status, 0) << result.errors;
    return (scratch / name / "model.safetensors").string();
  };
  const auto dice = [&](const std::string & name)
  {
    return nlohmann::json::parse(TextOf(scratch / name / "run.json"))
        .at("results")
        .at("best_validation_dice")
        .get<double>();
  };
  double random = 0.0;
  double pretrained = 0.0;
  double retrieval = 0.0;
  double untrained = 0.0;
  for (const std::string seed : {"0", "1", "2"})
  {
    const auto global = run("pretrain",
                            "global" + seed,
                            {"--method",
                             "global",
                             "--global_volumes",
                             "3",
                             "--global_patch",
                             "1",
                             "--steps",
                             "400",
                             "--seed",
                             seed});
    const auto local = run("pretrain",
                           "local" + seed,
                           {"--method",
                            "local",
                            "--local_blocks",
                            "2",
                            "--init",
                            global,
                            "--steps",
                            "80",
                            "--seed",
                            seed});
    const std::vector<std::string> tuning{"--steps", "120", "--seed", seed};
    run("train", "random" + seed, tuning);
    auto from = tuning;
    from.insert(from.end(), {"--init", local});
    run("train", "tuned" + seed, from);
    random += dice("random" + seed) / 3;
    pretrained += dice("tuned" + seed) / 3;
    const auto probe = RunProgram("probe",
                                  {cache,
                                   "--model",
                                   global,
                                   "--patch",
                                   "1",
                                   "--threads",
                                   "1",
                                   "--device",
                                   "cpu",
                                   "--seed",
                                   "5"});
    ASSERT_EQ(probe.status, 0) << probe.errors;
    const auto networks =
        nlohmann::json::parse(TextOf(scratch / ("global" + seed) / "probe.json")).at("networks");
    retrieval += networks.at("model").at("retrieval").get<double>() / 3;
    untrained += networks.at("untrained").at("retrieval").get<double>() / 3;
  }
  std::printf("Dice random %.4f, pre-trained %.4f; retrieval %.3f, untrained %.3f\n",
              random,
              pretrained,
              retrieval,
              untrained);
  EXPECT_GE(pretrained, random);
  EXPECT_GE(retrieval, 0.9);
  EXPECT_GE(retrieval, 2.0 * untrained);
}

} // namespace sulcus
