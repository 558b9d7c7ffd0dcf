#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusPlan.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace
{

using namespace sulcus;
using testing::HasSubstr;

Plan
HippocampusPlan()
{
  Plan plan;
  plan.dataset = "hippocampus";
  plan.labels = {{0, "background"}, {1, "anterior"}, {7, "posterior"}};
  plan.targetSpacingInMm = {1.0, 0.7, 2.25};
  plan.normalisation.resize(1);
  plan.normalisation[0].kind = "nyul";
  plan.normalisation[0].landmarks = {0, 12.5, 100};
  const auto topology = DeriveTopology({40, 56, 40}, {1, 1, 1}, 3);
  plan.network.classes = 3;
  plan.network.strides = topology.strides;
  plan.network.kernels = topology.kernels;
  plan.patchSize = topology.patchSize;
  plan.flipAllowed = {false, false, true};
  plan.componentRules = {{}, {true, 0.0}, {false, 30.5}};
  plan.inputContract.largestSpacingInMm = {2, 2, 3};
  return plan;
}

std::string
ErrorOf(const std::function<void()> & action)
{
  try
  {
    action();
  }
  catch (const UsageError & error)
  {
    return error.what();
  }
  return "no UsageError";
}

TEST(Plan, JsonRoundTripKeepsEverything)
{
  const auto json = PlanToJson(HippocampusPlan());
  const auto again = PlanToJson(PlanFromJson(nlohmann::json::parse(json.dump()), "plan.json"));
  EXPECT_EQ(json.dump(), again.dump());
  EXPECT_EQ(json.at("labels").at(2).at("value"), 7);
  EXPECT_EQ(json.at("target_spacing_mm"), (nlohmann::json{1.0, 0.7, 2.25}));
  EXPECT_EQ(json.at("flip_allowed"), (nlohmann::json{false, false, true}));
  EXPECT_EQ(json.at("component_rules").at(2).at("smallest_volume_mm3"), 30.5);
  EXPECT_EQ(json.at("normalisation").at(0).at("landmarks").at(1), 12.5);
}

TEST(Plan, UnknownKeysAreRefusedWithTheNearestOne)
{
  nlohmann::json json = PlanToJson(HippocampusPlan());
  json["patch_sise"] = {8, 8, 8};
  const auto error = ErrorOf([&] { PlanFromJson(json, "plan.json"); });
  EXPECT_THAT(error, HasSubstr("plan.json: unknown key 'patch_sise'"));
  EXPECT_THAT(error, HasSubstr("patch_size"));
  json.erase("patch_sise");
  json["network"]["width"] = 3;
  EXPECT_THAT(ErrorOf([&] { PlanFromJson(json, "plan.json"); }),
              HasSubstr("plan.json.network: unknown key 'width'"));
}

TEST(Plan, WrongTypesAreRefusedWithTheKey)
{
  const auto with = [](const std::function<void(nlohmann::json &)> & edit)
  {
    nlohmann::json json = PlanToJson(HippocampusPlan());
    edit(json);
    return ErrorOf([&] { PlanFromJson(json, "p"); });
  };
  EXPECT_THAT(with([](auto & j) { j["batch_size"] = "two"; }),
              HasSubstr("p.batch_size: expected an integer"));
  EXPECT_THAT(with([](auto & j) { j["batch_size"] = 2.5; }),
              HasSubstr("p.batch_size: expected an integer"));
  EXPECT_THAT(with([](auto & j) { j["batch_size"] = 5000000000; }),
              HasSubstr("p.batch_size: expected an integer"));
  EXPECT_THAT(with(
                  [](auto & j) {
                    j["patch_size"] = {8, 8};
                  }),
              HasSubstr("p.patch_size: expected 3 values, got 2"));
  EXPECT_THAT(with([](auto & j) { j["flip_allowed"][1] = 1; }),
              HasSubstr("p.flip_allowed[1]: expected true or false"));
  EXPECT_THAT(with([](auto & j) { j["labels"][1]["name"] = 4; }),
              HasSubstr("p.labels[1].name: expected a text"));
  EXPECT_THAT(with([](auto & j) { j["network"] = nullptr; }),
              HasSubstr("p.network: expected an object"));
  EXPECT_THAT(with([](auto & j) { j["schema_version"] = 2; }), HasSubstr("p.schema_version: 2"));
  EXPECT_THAT(with([](auto & j) { j.erase("schema_version"); }), HasSubstr("p.schema_version: 0"));
}

TEST(Plan, ContradictionsAreRefused)
{
  const auto with = [](const std::function<void(Plan &)> & edit)
  {
    Plan plan = HippocampusPlan();
    edit(plan);
    return ErrorOf([&] { CheckPlan(plan, "plan"); });
  };
  EXPECT_NO_THROW(CheckPlan(HippocampusPlan(), "plan"));
  EXPECT_THAT(with([](Plan & p) { p.network.strides.pop_back(); }),
              HasSubstr("network.strides: 3 levels"));
  EXPECT_THAT(with([](Plan & p) { p.network.kernels.pop_back(); }),
              HasSubstr("network.kernels: 3 levels"));
  EXPECT_THAT(with([](Plan & p) { p.network.widths[1] = 24; }),
              HasSubstr("24 is not a multiple of 16"));
  EXPECT_THAT(with(
                  [](Plan & p) {
                    p.network.strides[0] = {1, 2, 1};
                  }),
              HasSubstr("the first must be 1, 1, 1"));
  EXPECT_THAT(with([](Plan & p) { p.network.strides[1][0] = 3; }), HasSubstr("network.strides: 3"));
  EXPECT_THAT(with([](Plan & p) { p.network.kernels[1][0] = 2; }), HasSubstr("network.kernels: 2"));
  EXPECT_THAT(with([](Plan & p) { p.network.inputChannels = 2; }), HasSubstr("2 for 1 channels"));
  EXPECT_THAT(with([](Plan & p) { p.network.classes = 2; }), HasSubstr("2 for 3 labels"));
  EXPECT_THAT(with([](Plan & p) { p.network.normGroups = 5; }),
              HasSubstr("5 groups do not divide"));
  EXPECT_THAT(with([](Plan & p) { p.network.deepSupervision = 4; }), HasSubstr("deep_supervision"));
  EXPECT_THAT(with([](Plan & p) { p.patchSize[1] = 57; }),
              HasSubstr("57 along axis y is not divisible"));
  EXPECT_THAT(with([](Plan & p) { p.normalisation.resize(2); }),
              HasSubstr("2 entries for 1 channels"));
  EXPECT_THAT(with([](Plan & p) { p.normalisation[0].kind = "zscore"; }), HasSubstr("z_score"));
  EXPECT_THAT(with(
                  [](Plan & p) {
                    p.normalisation[0].landmarks = {3, 1};
                  }),
              HasSubstr("must not descend"));
  EXPECT_THAT(with([](Plan & p) { p.normalisation[0].landmarks.clear(); }),
              HasSubstr("needs its landmarks"));
  EXPECT_THAT(with([](Plan & p) { p.normalisation[0].clipLowPercentile = 99.6; }),
              HasSubstr("low < high"));
  EXPECT_THAT(with([](Plan & p) { p.labels.resize(1); }), HasSubstr("1 labels"));
  EXPECT_THAT(with([](Plan & p) { p.labels[2].value = 1; }), HasSubstr("value 1 appears twice"));
  EXPECT_THAT(with([](Plan & p) { p.labels[2].name = "anterior"; }),
              HasSubstr("'anterior' appears twice"));
  EXPECT_THAT(with([](Plan & p) { p.labels[2].value = -1; }), HasSubstr("negative"));
  EXPECT_THAT(with([](Plan & p) { p.orientation = "LRS"; }), HasSubstr("plan.orientation"));
  EXPECT_THAT(with([](Plan & p) { p.targetSpacingInMm[2] = -1; }), HasSubstr("target_spacing_mm"));
  EXPECT_THAT(with([](Plan & p) { p.componentRules.pop_back(); }),
              HasSubstr("2 rules for 3 labels"));
  EXPECT_THAT(with([](Plan & p) { p.batchSize = 0; }), HasSubstr("batch_size"));
  EXPECT_THAT(with([](Plan & p) { p.inputContract.smallestSpacingInMm[0] = 3; }),
              HasSubstr("is empty"));
}

TEST(Plan, ReadPlanRefusesDuplicateKeysAndMissingFiles)
{
  const auto path = std::filesystem::temp_directory_path() / "sulcusPlanTest.json";
  AtomicWriteText(
      path, R"({"schema_version": 1, "batch_size": 2, "batch_size": 3})", Overwrite::Allow);
  EXPECT_THAT(ErrorOf([&] { ReadPlan(path); }), HasSubstr("appears twice"));
  AtomicWriteText(path, PlanToJson(HippocampusPlan()).dump(2), Overwrite::Allow);
  EXPECT_EQ(ReadPlan(path).dataset, "hippocampus");
  std::filesystem::remove(path);
  EXPECT_THROW(ReadPlan(path), InputError);
}

using Strides = std::vector<std::array<int, 3>>;

TEST(Topology, IsotropicPatchIsHalvedEverywhere)
{
  const auto topology = DeriveTopology({40, 56, 40}, {1, 1, 1}, 3);
  EXPECT_EQ(topology.strides, (Strides{{1, 1, 1}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}}));
  EXPECT_EQ(topology.kernels, (Strides(4, {3, 3, 3})));
  EXPECT_EQ(topology.patchSize, (std::array<std::int64_t, 3>{40, 56, 40}));
}

TEST(Topology, ThickSlicesAreLeftUntilSpacingsMatch)
{
  // 10 slices of 10 mm with 1.4 mm in plane: in-plane spacing 1.4, 2.8, 5.6 (10 < 11.2: both now),
  // z keeps 5 voxels.
  const auto topology = DeriveTopology({10, 160, 160}, {10, 1.4, 1.4}, 4);
  EXPECT_EQ(topology.strides, (Strides{{1, 1, 1}, {1, 2, 2}, {1, 2, 2}, {2, 2, 2}, {1, 2, 2}}));
  EXPECT_EQ(topology.kernels, (Strides{{1, 3, 3}, {1, 3, 3}, {3, 3, 3}, {3, 3, 3}, {3, 3, 3}}));
  EXPECT_EQ(topology.patchSize, (std::array<std::int64_t, 3>{10, 160, 160}));
}

TEST(Topology, StopsWhereFourVoxelsWouldNotRemainAndRoundsUp)
{
  const auto topology = DeriveTopology({6, 13, 30}, {1, 1, 1}, 9);
  // z: 6 -> 3 is too few. y: 13 -> 7 -> 4. x: 30 -> 15 -> 8 -> 4.
  EXPECT_EQ(topology.strides, (Strides{{1, 1, 1}, {1, 2, 2}, {1, 2, 2}, {1, 1, 2}}));
  EXPECT_EQ(topology.patchSize, (std::array<std::int64_t, 3>{6, 16, 32}));
  EXPECT_THROW(DeriveTopology({0, 8, 8}, {1, 1, 1}, 2), UsageError);
}

TEST(Topology, AlwaysPassesThePlanCheck)
{
  for (const std::int64_t z : {1, 5, 9, 33, 64})
  {
    for (const double spacing : {0.4, 1.0, 3.0, 8.0})
    {
      const auto topology = DeriveTopology({z, 40, 47}, {spacing, 1.0, 0.8}, 5);
      auto plan = HippocampusPlan();
      plan.network.widths.assign(topology.strides.size(), 32);
      plan.network.strides = topology.strides;
      plan.network.kernels = topology.kernels;
      plan.patchSize = topology.patchSize;
      EXPECT_NO_THROW(CheckPlan(plan, "plan"));
      EXPECT_GE(topology.patchSize[0], z);
    }
  }
}

} // namespace
