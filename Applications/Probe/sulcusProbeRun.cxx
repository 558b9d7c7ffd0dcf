#include "sulcusProbeRun.h"

#include "sulcusProbePage.h"
#include <sulcusAtomicFile.h>
#include <sulcusDevice.h>
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusModelFile.h>
#include <sulcusParameters.h>
#include <sulcusPatchSource.h>
#include <sulcusProbe.h>
#include <sulcusValidation.h>
#include <sulcusViewPatch.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sulcus
{
namespace
{

constexpr int mostVolumes = 16;

/** What is the same for both networks. */
struct ProbeData
{
  std::shared_ptr<const PreparedCache> cache;
  Plan plan;
  CaseSelection selection;
  std::vector<std::size_t> retrieved; ///< cases whose patches look for each other
  torch::Device device = torch::kCPU;
};

std::set<std::string>
SubjectsOf(const ProbeData & data, const std::vector<std::size_t> & cases)
{
  std::set<std::string> subjects;
  for (const auto index : cases)
  {
    const auto & entry = data.cache->Cases()[index];
    subjects.insert(entry.subject.empty() ? entry.id : entry.subject);
  }
  return subjects;
}

/** Validation cases where there are two subjects, else all that trained. */
void
ChooseRetrieved(ProbeData & data)
{
  data.retrieved = data.selection.validation;
  if (SubjectsOf(data, data.retrieved).size() < 2)
  {
    data.retrieved = data.selection.labelled;
    data.retrieved.insert(
        data.retrieved.end(), data.selection.unlabelled.begin(), data.selection.unlabelled.end());
    LogInfo("fewer than two validation subjects: retrieval among the training cases");
  }
  const auto subjects = SubjectsOf(data, data.retrieved).size();
  if (subjects < 2)
  {
    throw UsageError(
        Message("retrieval across volumes needs two subjects, the cache has ", subjects));
  }
}

EmbeddedPatches
EmbedPatches(SegmentationNetwork & network,
             const ProbeData & data,
             const ProbeOptions & options,
             std::uint64_t seed)
{
  StreamRule rule;
  rule.name = "patches";
  rule.pool = CasePool::All;
  rule.augmentation = "none";
  rule.patchSize = ViewPatch(data.plan, options.patch);
  rule.partition.partitions = options.partitions;
  rule.partition.axis = options.axis;
  rule.partition.guard =
      0.5 / options.partitions; // the middle half of each part: no ties at the borders
  rule.partition.volumes =
      std::min<int>(mostVolumes, static_cast<int>(SubjectsOf(data, data.retrieved).size()));
  CaseSelection selection;
  selection.unlabelled = data.retrieved;
  PatchSource source(data.cache, selection, data.plan, {{rule}}, {}, seed);
  std::vector<torch::Tensor> rows;
  std::vector<torch::Tensor> partition;
  std::vector<std::int64_t> volume;
  for (int round = 0; round < options.rounds; ++round)
  {
    const auto stream = source.At(round).Require("patches");
    for (const auto & image : stream.image.split(8))
    {
      rows.push_back(PatchEmbeddings(network, image.to(data.device)).cpu());
    }
    partition.push_back(stream.extra.at("partition"));
    volume.insert(volume.end(), stream.caseIndex.begin(), stream.caseIndex.end());
  }
  return {torch::cat(rows), torch::tensor(volume, torch::kLong), torch::cat(partition)};
}

/** Frozen features of labelled voxels, at most so many of each class, with their classes. */
std::pair<torch::Tensor, torch::Tensor>
LabelledVoxels(SegmentationNetwork & network,
               const ProbeData & data,
               const ProbeOptions & options,
               std::uint64_t seed)
{
  StreamRule rule;
  rule.name = "labelled";
  rule.augmentation = "none";
  rule.samples = 2;
  rule.foregroundFraction = 0.5;
  PatchSource source(data.cache, data.selection, data.plan, {{rule}}, {}, seed);
  const auto classes = static_cast<std::int64_t>(data.plan.labels.size());
  const auto patches =
      std::max<std::int64_t>(8, 2 * static_cast<std::int64_t>(data.selection.labelled.size()));
  const auto share = std::max<std::int64_t>(1, options.voxels / patches);
  std::vector<torch::Tensor> rows;
  std::vector<torch::Tensor> labels;
  for (std::int64_t step = 0; 2 * step < patches; ++step)
  {
    torch::manual_seed(seed + static_cast<std::uint64_t>(step));
    const auto stream = source.At(step).Require("labelled");
    const auto features =
        VoxelFeatures(network, stream.image.to(data.device), options.decoderBlocks)
            .cpu()
            .permute({0, 2, 3, 4, 1})
            .flatten(0, 3);
    const auto label = stream.label.flatten();
    for (std::int64_t k = 0; k < classes; ++k)
    {
      auto places = (label == k).nonzero().squeeze(1);
      const auto kept = std::min(places.size(0), 2 * share);
      places = places.index_select(0, torch::randperm(places.size(0)).narrow(0, 0, kept));
      rows.push_back(features.index_select(0, places));
      labels.push_back(torch::full({kept}, k, torch::kLong));
    }
  }
  return {torch::cat(rows), torch::cat(labels)};
}

/** Dice of the linear probe on the validation cases; empty without labelled or validation cases. */
std::map<std::string, double>
ProbeDice(SegmentationNetwork & network,
          const ProbeData & data,
          const ProbeOptions & options,
          std::uint64_t seed)
{
  if (data.selection.labelled.empty() || data.selection.validation.empty())
  {
    return {};
  }
  const auto [rows, labels] = LabelledVoxels(network, data, options, seed);
  auto probe = FitLinearProbe(rows, labels, static_cast<std::int64_t>(data.plan.labels.size()));
  for (auto * part : {&probe.mean, &probe.scale, &probe.weight, &probe.bias})
  {
    *part = part->to(data.device);
  }
  const Predictor predictor = [&](const torch::Tensor & windows)
  {
    const auto features = VoxelFeatures(network, windows, options.decoderBlocks);
    const auto logits = probe.Logits(features.permute({0, 2, 3, 4, 1}));
    return logits.softmax(-1).permute({0, 4, 1, 2, 3}).contiguous();
  };
  return ValidationScores(
      *data.cache, data.selection.validation, data.plan, WindowsOnly(predictor), data.device);
}

ProbedNetwork
ProbeOne(const std::string & name,
         SegmentationNetwork network,
         const ProbeData & data,
         const ProbeOptions & options,
         std::uint64_t seed)
{
  network->to(data.device);
  ProbedNetwork probed;
  probed.name = name;
  probed.patches = EmbedPatches(network, data, options, seed);
  probed.retrieval = PartitionRetrieval(
      probed.patches.embeddings, probed.patches.volume, probed.patches.partition);
  probed.dice = ProbeDice(network, data, options, seed);
  const auto dice = probed.dice.find("dice");
  LogInfo(Message(name,
                  ": retrieval ",
                  std::round(probed.retrieval.accuracy * 1e3) / 1e3,
                  dice == probed.dice.end() ? std::string()
                                            : Message(", Dice of the linear probe ",
                                                      std::round(dice->second * 1e3) / 1e3)));
  return probed;
}

} // namespace

void
Describe(Parameters & visit, ProbeOptions & o)
{
  visit.Group("Input and output");
  visit("cache", o.cache, "Folder that sulcus-prepare wrote.")
      .Kind(ParameterKind::InputFolder)
      .Required()
      .Positional();
  visit("model", o.model, "Model to look into.").Kind(ParameterKind::InputFile).Required();
  visit("output", o.output, "Folder for probe.json and probe.html; that of the model if not given.")
      .Kind(ParameterKind::OutputFolder)
      .Short('o');
  visit("verify", o.verify, "Compare the SHA-256 of every prepared file first.").Advanced();
  visit.Group("Cases");
  Describe(visit, o.selection);
  visit.Group("Probes");
  visit("partitions", o.partitions, "Parts of a volume along the axis.").Range(2, 64);
  visit("axis", o.axis, "Partition axis: 0 left, 1 back, 2 head.").Range(0, 2);
  visit("rounds", o.rounds, "Patches of each part and volume.").Range(1, 1024).Advanced();
  visit("patch",
        o.patch,
        "Edge of a patch of the retrieval as part of the plan's; give what pre-training had.")
      .Range(0.1, 1)
      .Advanced();
  visit("decoder_blocks",
        o.decoderBlocks,
        "Decoder blocks whose maps the linear probe sees beside the encoder's.")
      .Range(0, 16);
  visit("voxels", o.voxels, "Most labelled voxels of each class for the linear probe.")
      .Range(10, 1e6)
      .Advanced();
}

void
RunProbe(const ProbeOptions & options, RunContext & context)
{
  ProbeData data;
  data.device = ResolveDevice(context.common.device);
  SetTorchThreads(context.common.threads);
  data.cache = std::make_shared<PreparedCache>(options.cache);
  if (options.verify)
  {
    data.cache->Verify();
  }
  const auto model = ReadModelFile(options.model);
  data.plan = model.plan;
  data.selection = SelectCases(*data.cache, options.selection);
  ChooseRetrieved(data);
  const int blocks = static_cast<int>(data.plan.network.widths.size()) - 1;
  if (options.decoderBlocks > blocks)
  {
    throw UsageError(
        Message("decoder_blocks is ", options.decoderBlocks, ", the network has ", blocks));
  }
  const std::filesystem::path folder = options.output.empty()
                                           ? std::filesystem::path(options.model).parent_path()
                                           : std::filesystem::path(options.output);
  if (context.common.dryRun)
  {
    return;
  }
  const auto seed = context.common.seed;
  const std::vector<ProbedNetwork> probed{
      ProbeOne("model", NetworkOf(model, options.model), data, options, seed),
      ProbeOne("untrained", BuildNetwork(data.plan.network, seed), data, options, seed)};
  std::filesystem::create_directories(folder.empty() ? "." : folder);
  const auto report = ProbeReport(probed, options.partitions);
  AtomicWriteText(folder / "probe.json", report.dump(2) + "\n", Overwrite::Allow);
  WriteProbePage(folder / "probe.html",
                 probed,
                 options.partitions,
                 std::filesystem::path(options.model).parent_path() / "log.jsonl");
  context.record.Results()["probe"] = report;
  LogInfo(Message("page: ", (folder / "probe.html").string()));
}

} // namespace sulcus
