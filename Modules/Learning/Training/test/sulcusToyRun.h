#pragma once

#include <sulcusError.h>
#include <sulcusRandomEngine.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusTrainer.h>

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sulcus
{

/** A small network with dropout that learns a product of its inputs. */
class ToyObjective final : public Objective
{
public:
  ToyObjective()
  {
    torch::manual_seed(3);
    m_Network = register_module("network",
                                torch::nn::Sequential(torch::nn::Linear(6, 24),
                                                      torch::nn::ReLU(),
                                                      torch::nn::Dropout(0.3),
                                                      torch::nn::Linear(24, 1)));
  }

  LossTerms
  Evaluate(const Batch & batch) override
  {
    const auto & stream = batch.Require("labelled");
    const auto error = (m_Network->forward(stream.image) - stream.weight).square().mean();
    return {error, {{"error", error.item<double>()}}};
  }

private:
  torch::nn::Sequential m_Network{nullptr};
};

/** Batches that depend on seed and step alone; some may hold NaN. */
class ToyBatches final : public BatchSource
{
public:
  std::set<std::int64_t> poisoned;
  std::int64_t poisonedFrom = std::numeric_limits<std::int64_t>::max();
  std::function<void(std::int64_t)> before;

  Batch
  At(std::int64_t step) override
  {
    if (before)
    {
      before(step);
    }
    RandomEngine random = RandomEngine(11).Fork(static_cast<std::uint64_t>(step));
    auto image = torch::empty({8, 6});
    for (float & value : std::span(image.data_ptr<float>(), 48))
    {
      value = static_cast<float>(random.Normal());
    }
    Batch batch;
    batch.step = step;
    batch.streams["labelled"].weight =
        image.select(1, 0).mul(image.select(1, 1)).unsqueeze(1).clone();
    if (poisoned.contains(step) || step >= poisonedFrom)
    {
      image[0][0] = std::numeric_limits<float>::quiet_NaN();
    }
    batch.streams["labelled"].image = image;
    return batch;
  }
};

/** Everything of one run. */
struct ToyRun
{
  explicit ToyRun(std::filesystem::path runFolder) : folder(std::move(runFolder))
  {
    options.steps = 60;
    options.snapshotEvery = 10;
    options.checkpointSeconds = 0;
    update.averageDecay = 0.9;
    update.optimizer.learningRate = 0.02;
    identity.configuration = {{"learning_rate", 0.02}, {"method", {{"name", "toy"}}}};
    identity.data = "0123456789abcdef";
  }

  /** Makes objective, rule and trainer anew, as a new process would. */
  Trainer &
  Make()
  {
    objective = std::make_shared<ToyObjective>();
    rule = std::make_unique<SingleOptimizerStep>(objective, update);
    trainer = std::make_unique<Trainer>(*rule, batches, options, folder, identity);
    return *trainer;
  }

  /** All state of the rule, as one text of bytes. */
  NamedTensors
  FinalState() const
  {
    NamedTensors state;
    rule->Save(state);
    return CloneTensors(state);
  }

  std::filesystem::path folder;
  TrainerOptions options;
  ParameterUpdateOptions update;
  RunIdentity identity;
  ToyBatches batches;
  std::shared_ptr<ToyObjective> objective;
  std::unique_ptr<SingleOptimizerStep> rule;
  std::unique_ptr<Trainer> trainer;
};

/** Lines of log.jsonl without their times. */
inline std::vector<nlohmann::json>
LogLines(const std::filesystem::path & folder)
{
  std::ifstream file(folder / "log.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);)
  {
    lines.push_back(nlohmann::json::parse(line));
    lines.back().erase("seconds");
  }
  return lines;
}

} // namespace sulcus
