#include <sulcusError.h>
#include <sulcusTensorFile.h>
#include <sulcusTrainingMethod.h>

#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

namespace sulcus
{
namespace
{

MethodContext
TinyContext()
{
  MethodContext context;
  context.plan.labels = {{0, "background"}, {1, "a"}, {2, "b"}};
  context.plan.network.classes = 3;
  context.plan.network.widths = {16, 16};
  context.plan.network.strides = {{1, 1, 1}, {2, 2, 2}};
  context.plan.network.kernels = {{3, 3, 3}, {3, 3, 3}};
  context.plan.patchSize = {8, 8, 8};
  context.plan.batchSize = 2;
  context.steps = 4;
  context.seed = 3;
  context.labelledCases = 2;
  context.unlabelledCases = 5;
  context.update.optimizer.kind = "adamw";
  return context;
}

/** What Datasets would make of the rule: noise, and half of the labels unknown. */
Batch
BatchFor(const SamplingRule & sampling, std::int64_t step)
{
  torch::manual_seed(100 + step);
  Batch batch;
  batch.step = step;
  for (const auto & rule : sampling.streams)
  {
    for (int view = 1; view <= rule.views; ++view)
    {
      auto & stream = batch.streams[rule.views > 1 ? rule.name + std::to_string(view) : rule.name];
      stream.image = torch::randn({rule.samples, 1, 8, 8, 8});
      if (rule.pool == CasePool::Labelled)
      {
        stream.label = torch::randint(0, 3, {rule.samples, 8, 8, 8}, torch::kLong);
        stream.observed = torch::rand({rule.samples, 8, 8, 8}) < 0.5;
      }
    }
  }
  return batch;
}

StepReport
RunStep(const BuiltMethod & built, const Batch & batch)
{
  torch::manual_seed(7);
  return built.rule->Step(batch);
}

MethodRegistry
AllMethods()
{
  MethodRegistry registry("training method");
  RegisterSupervised(registry);
  RegisterSemiSupervisionMethods(registry);
  return registry;
}

TEST(SemiSupervisionMethods, EachOneTakesStepsAndGivesAModel)
{
  const auto registry = AllMethods();
  EXPECT_GE(registry.Names().size(), 9U);
  for (const auto & name : registry.Names())
  {
    const auto built = registry.Make(name)->Build(TinyContext());
    built.rule->SetSchedule(4);
    for (std::int64_t step = 0; step < 4; ++step)
    {
      const auto report = RunStep(built, BatchFor(built.sampling, step));
      EXPECT_FALSE(report.skipped) << name;
      EXPECT_GT(report.logged.at("gradient_norm"), 0.0) << name;
    }
    const auto weights = built.weights();
    const auto plain = TensorsOf(*BuildNetwork(TinyContext().plan.network, 0));
    EXPECT_EQ(weights.size(), plain.size()) << name;
    for (const auto & [key, tensor] : plain)
    {
      ASSERT_TRUE(weights.contains(key)) << name << " " << key;
      EXPECT_EQ(weights.at(key).sizes(), tensor.sizes()) << name << " " << key;
    }
  }
}

/** Steps of equal cost to every method: patches with a gradient are counted by the user, not by the
 * plan. */
TEST(SemiSupervisionMethods, PatchesOfAStepAreTheUsersChoice)
{
  const auto registry = AllMethods();
  auto context = TinyContext();
  context.plan.batchSize = 5;
  context.streams = {3, 1, 0.75};
  for (const auto & name : registry.Names())
  {
    const auto built = registry.Make(name)->Build(context);
    std::map<std::string, int> samples;
    for (const auto & stream : built.sampling.streams)
    {
      samples[stream.name] = stream.samples;
      EXPECT_EQ(stream.foregroundFraction, stream.name == "labelled" ? 0.75 : 0.33) << name;
    }
    const bool mixes = name == "pseudo_labels"; // shares the four patches out by a rule of its own
    EXPECT_EQ(samples.at("labelled"), mixes ? 2 : 3) << name;
    EXPECT_EQ(samples.contains("unlabelled") ? samples.at("unlabelled") : 1, mixes ? 2 : 1) << name;
  }
}

/** Unknown is not background: what stands there in the label changes no bit of a step. */
TEST(SemiSupervisionMethods, UnknownVoxelsNeverMatter)
{
  const auto registry = AllMethods();
  for (const auto & name : registry.Names())
  {
    std::map<std::string, double> logged[2];
    for (int run = 0; run < 2; ++run)
    {
      const auto built = registry.Make(name)->Build(TinyContext());
      built.rule->SetSchedule(4);
      for (std::int64_t step = 0; step < 4; ++step)
      {
        auto batch = BatchFor(built.sampling, step);
        auto & labelled = batch.streams.at("labelled");
        labelled.label =
            torch::where(labelled.observed, labelled.label, torch::full_like(labelled.label, run));
        logged[run] = RunStep(built, batch).logged;
      }
    }
    EXPECT_EQ(logged[0].at("loss"), logged[1].at("loss")) << name;
    EXPECT_EQ(logged[0].at("gradient_norm"), logged[1].at("gradient_norm")) << name;
  }
}

/** With bf16, weights are converted inside autocast; a conversion made without a graph, for a
 * pseudo-label, must not be what the loss is differentiated through. */
TEST(SemiSupervisionMethods, BFloat16MovesEveryWeight)
{
  const auto registry = AllMethods();
  for (const auto & name : registry.Names())
  {
    std::map<std::string, NamedTensors> moved;
    for (const auto precision : {Precision::Float32, Precision::BFloat16})
    {
      auto context = TinyContext();
      context.precision = precision;
      context.update.optimizer.kind = "sgd";
      context.update.optimizer.weightDecay = 0.0;
      const auto built = registry.Make(name)->Build(context);
      NamedTensors before;
      built.rule->Save(before);
      before = CloneTensors(before);
      built.rule->SetSchedule(4);
      RunStep(built, BatchFor(built.sampling, 1));
      NamedTensors after;
      built.rule->Save(after);
      auto & changes = moved[PrecisionName(precision)];
      for (const auto & [key, tensor] : after)
      {
        const auto old = before.find(key);
        const bool isWeight = old != before.end() && tensor.is_floating_point() &&
                              tensor.sizes() == old->second.sizes();
        if (isWeight && key.find("network") != std::string::npos)
        {
          changes[key] = tensor - old->second;
        }
      }
    }
    for (const auto & [key, change] : moved["fp32"])
    {
      const bool movesInFloat = change.abs().max().item<double>() > 0;
      const bool movesInBFloat16 = moved["bf16"].at(key).abs().max().item<double>() > 0;
      EXPECT_TRUE(!movesInFloat || movesInBFloat16) << name << " " << key;
    }
  }
}

TEST(SemiSupervisionMethods, MissingCasesAreRefusedOrDegradeAsSpecified)
{
  const auto registry = AllMethods();
  for (const auto & name : registry.Names())
  {
    auto context = TinyContext();
    context.labelledCases = 0;
    EXPECT_THROW(registry.Make(name)->Build(context), UsageError) << name;
    context = TinyContext();
    context.unlabelledCases = 0;
    const bool needsNone = name == "supervised" || name.find("correction") == 0;
    if (needsNone)
    {
      EXPECT_EQ(registry.Make(name)->Build(context).sampling.streams.size(), 1U) << name;
    }
    else
    {
      EXPECT_THROW(registry.Make(name)->Build(context), UsageError) << name;
    }
  }
}

} // namespace
} // namespace sulcus
