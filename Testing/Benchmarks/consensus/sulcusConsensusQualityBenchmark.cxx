// Every fusion rule against the truth of phantoms drawn by simulated annotators, scenario by
// scenario, and against the reader left out on real maps (4-D files, one volume a reader).
//   sulcusConsensusQualityBenchmark phantoms COUNT [--scenario NAME] [--phantom_seed N] [--NAME
//   VALUE …] sulcusConsensusQualityBenchmark absent COUNT [--phantom_seed N] [--NAME VALUE …]
//   sulcusConsensusQualityBenchmark readers FOLDER [--NAME VALUE …]
// Any setting of the consensus can be given by its name. Another phantom seed makes other people
// and other annotators. Prints one row a rule and scenario:
// scenario, rule, cases, mean Dice, mean surface Dice at 1 mm, seconds a case; then, a row a
// scenario, Spearman's correlation of an annotator's mean weight with the annotator's true Dice.
// `absent`: every case was seen by some of five annotators only; the others left out, and imputed
// from the cases they saw.
#include <sulcusAnnotatorForestTrainer.h>
#include <sulcusError.h>
#include <sulcusFusionRules.h>
#include <sulcusGraphCutConsensusImageFilter.h>
#include <sulcusImageGrid.h>
#include <sulcusPhantomCohort.h>
#include <sulcusSafeRead.h>
#include <sulcusStatistics.h>
#include <sulcusSurfaceDistance.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

namespace
{

using namespace sulcus;
using Maps = std::vector<LabelImage::Pointer>;

struct Scenario
{
  std::string name;
  std::vector<AnnotatorProfile> annotators;
  std::vector<double> flips; ///< share of voxels with a random label, one an annotator
};

AnnotatorProfile
Hand(double biasInMm, double wobbleInMm)
{
  AnnotatorProfile hand;
  hand.biasInMm = biasInMm;
  hand.wobbleInMm = wobbleInMm;
  return hand;
}

std::vector<Scenario>
Scenarios()
{
  const auto good = Hand(0.0, 0.4);
  auto adversarial = Hand(0.0, 0.5);
  adversarial.adversarial = true;
  auto gaps = Hand(0.0, 0.6);
  gaps.missingSliceRate = 0.3;
  auto poor = Hand(1.2, 1.8);
  poor.blunderRate = 1.0;
  auto poorer = Hand(-0.6, 2.0);
  poorer.labelSwapRate = 1.0;
  return {{"equal", std::vector(5, Hand(0.0, 0.5)), {}},
          {"bias", {Hand(0.9, 0.3), Hand(-0.9, 0.3), Hand(0.5, 0.3), Hand(-0.4, 0.3), good}, {}},
          {"noise", std::vector(5, good), {0.0, 0.02, 0.05, 0.08, 0.1}},
          {"heavy noise", std::vector(5, good), {0.02, 0.05, 0.1, 0.15, 0.2}},
          {"boundary shift",
           {Hand(0.0, 0.5), Hand(0.0, 1.0), Hand(0.0, 1.5), Hand(0.0, 2.0), Hand(0.0, 2.5)},
           {}},
          {"one adversarial", {good, good, good, good, adversarial}, {}},
          {"30 % missing", std::vector(5, gaps), {}},
          {"two of five poor", {good, good, good, poor, poorer}, {}}};
}

/** Random labels at a share of the voxels. */
void
Flip(LabelImage * map, double rate, RandomEngine random)
{
  const auto count = map->GetBufferedRegion().GetNumberOfPixels();
  for (std::size_t p = 0; p < count && rate > 0.0; ++p)
  {
    auto & label = map->GetBufferPointer()[p];
    if (label != UnobservedValue && random.Chance(rate))
    {
      label = static_cast<std::uint16_t>(random.Integer(0, 4));
    }
  }
}

Maps
Draw(const Scenario & scenario, const LabelImage * truth, const RandomEngine & random)
{
  Maps maps;
  const auto distances = DistancesOf(truth);
  for (std::size_t r = 0; r < scenario.annotators.size(); ++r)
  {
    auto map = Annotate(truth, distances, scenario.annotators[r], random.Fork(r));
    auto * buffer = map->GetBufferPointer();
    std::replace(buffer,
                 buffer + map->GetBufferedRegion().GetNumberOfPixels(),
                 NotAnnotated,
                 UnobservedValue);
    Flip(map, scenario.flips.empty() ? 0.0 : scenario.flips[r], random.Fork("flips").Fork(r));
    maps.push_back(map);
  }
  return maps;
}

/** Mean over the labels of the truth of the surface Dice at 1 mm; a label that was not found counts
 * 0. */
double
SurfaceDiceOf(const LabelImage * truth, const LabelImage * found)
{
  const auto grid = GridOf(truth);
  IndexBox box;
  for (unsigned axis = 0; axis < 3; ++axis)
  {
    box.last[axis] = static_cast<std::int64_t>(grid.size[axis]) - 1;
  }
  double sum = 0.0;
  double labels = 0.0;
  for (std::uint16_t label = 1; label <= 4; ++label)
  {
    const auto masks = CropMasks(truth, found, std::array<std::uint16_t, 1>{label}, box);
    const double dice = SurfaceDice(ComputeSurfaceDistances(masks), 1.0);
    sum += std::isnan(dice) ? 0.0 : dice;
    labels += std::isnan(dice) ? 0.0 : 1.0;
  }
  return sum / labels;
}

struct Fused
{
  LabelImage::Pointer labels;
  std::vector<double> weights;
};

Fused
GraphCut(const Maps & maps, const FloatImage * image, const ConsensusOptions & options)
{
  auto filter = GraphCutConsensusImageFilter<LabelImage, FloatImage>::New();
  for (unsigned r = 0; r < maps.size(); ++r)
  {
    filter->SetAnnotation(r, maps[r]);
  }
  filter->SetMissingValue(UnobservedValue);
  filter->SetImage(image);
  filter->SetOptions(options);
  filter->Update();
  Fused fused{filter->GetOutput(), {}};
  for (const auto & rater : filter->Result().raters)
  {
    fused.weights.push_back(rater.meanWeight);
  }
  return fused;
}

struct Scores
{
  std::vector<double> dice;
  std::vector<double> surface;
  std::vector<double> seconds;

  /** Runs a rule and holds its labels against the truth. */
  template <typename TRule>
  void
  Add(const LabelImage * truth, const TRule & rule)
  {
    const auto start = std::chrono::steady_clock::now();
    const LabelImage::Pointer labels = rule();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    dice.push_back(MeanDiceOf(truth, labels));
    surface.push_back(SurfaceDiceOf(truth, labels));
  }
};

void
Print(const std::string & scenario, const std::map<std::string, Scores> & scores)
{
  for (const auto & [rule, found] : scores)
  {
    std::printf("%s\t%s\t%zu\t%.4f\t%.4f\t%.3f\n",
                scenario.c_str(),
                rule.c_str(),
                found.dice.size(),
                Mean(found.dice),
                Mean(found.surface),
                Mean(found.seconds));
  }
}

void
RunScenario(const Scenario & scenario,
            int phantoms,
            std::uint64_t phantomSeed,
            const ConsensusOptions & options)
{
  std::map<std::string, Scores> scores;
  std::vector<double> weights;
  std::vector<double> quality;
  std::vector<double> correlations;
  PhantomCohortOptions cohort;
  cohort.cases = std::max(phantoms, 16);
  cohort.seed = phantomSeed;
  const auto random = RandomEngine(17 + phantomSeed).Fork(scenario.name);
  for (int number = 0; number < phantoms; ++number)
  {
    const auto one = MakePhantomCase(cohort, number);
    const LabelImage * truth = one.scan.truth;
    const auto maps = Draw(scenario, truth, random.Fork(std::uint64_t(number)));
    Fused consensus;
    scores["graph_cut"].Add(truth,
                            [&]
                            {
                              consensus = GraphCut(maps, one.scan.channels[0], options);
                              return consensus.labels;
                            });
    scores["graph_cut without image"].Add(truth,
                                          [&] { return GraphCut(maps, nullptr, options).labels; });
    for (const auto & rule : SimpleRules())
    {
      scores[rule].Add(truth, [&] { return FuseByRule(rule, maps); });
    }
    std::vector<double> own;
    for (const auto & map : maps)
    {
      own.push_back(MeanDiceOf(truth, map));
    }
    weights.insert(weights.end(), consensus.weights.begin(), consensus.weights.end());
    quality.insert(quality.end(), own.begin(), own.end());
    correlations.push_back(SpearmanCorrelation(consensus.weights, own));
  }
  Print(scenario.name, scores);
  std::printf("%s\tspearman\t%d\t%.3f over all annotators and cases\t%.3f mean within a case\n",
              scenario.name.c_str(),
              phantoms,
              SpearmanCorrelation(weights, quality),
              Mean(correlations));
  std::fflush(stdout);
}

/** Five annotators of whom `present` saw a case, by turns. */
void
RunAbsent(int present, int phantoms, std::uint64_t phantomSeed, const ConsensusOptions & options)
{
  const Scenario scenario{
      "absent",
      {Hand(0.0, 0.4), Hand(0.5, 0.6), Hand(-0.5, 0.6), Hand(0.0, 1.0), Hand(0.3, 1.6)},
      {}};
  const std::vector<std::string> names{"a", "b", "c", "d", "e"};
  const auto sees = [&](int number, std::size_t rater)
  { return (rater + 5U - unsigned(2 * number % 5)) % 5U < unsigned(present); };
  PhantomCohortOptions cohort;
  cohort.cases = std::max(phantoms, 16);
  cohort.seed = phantomSeed;
  const RandomEngine random(23 + phantomSeed);
  AnnotatorForestTrainer trainer({names.begin(), names.end()});
  AnnotatorForests forests;
  std::map<std::string, Scores> scores;
  for (const bool learning : {true, false})
  {
    for (int number = 0; number < phantoms; ++number)
    {
      const auto one = MakePhantomCase(cohort, number);
      const auto all = Draw(scenario, one.scan.truth, random.Fork(std::uint64_t(number)));
      auto filter = GraphCutConsensusImageFilter<LabelImage, FloatImage>::New();
      Maps seen;
      for (unsigned r = 0; r < all.size(); ++r)
      {
        auto map = all[r];
        if (sees(number, r))
        {
          seen.push_back(map);
        }
        else
        {
          map = NewImage<LabelImage>(GridOf(one.scan.truth.GetPointer()), UnobservedValue);
        }
        filter->SetAnnotation(r, map);
        if (!learning)
        {
          filter->SetAnnotatorForest(r, forests[names[r]]);
        }
      }
      filter->SetMissingValue(UnobservedValue);
      filter->SetImage(one.scan.channels[0]);
      filter->SetOptions(options);
      const auto run = [&]
      {
        filter->Update();
        return LabelImage::Pointer(filter->GetOutput());
      };
      scores[learning ? "graph_cut" : "graph_cut, absent imputed"].Add(one.scan.truth, run);
      if (learning)
      {
        trainer.AddScan(filter->Block(), filter->Result(), names, options);
        scores["majority"].Add(one.scan.truth, [&] { return FuseByRule("majority", seen); });
        scores["staple"].Add(one.scan.truth, [&] { return FuseByRule("staple", seen); });
      }
    }
    forests = trainer.Train(options);
  }
  Print("seen by " + std::to_string(present) + " of 5", scores);
  std::fflush(stdout);
}

/** Each reader against the rule applied to the others. */
void
RunReaders(const std::string & folder, const ConsensusOptions & options)
{
  std::vector<std::string> files;
  for (const auto & entry : std::filesystem::directory_iterator(folder))
  {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::map<std::string, std::vector<double>> dice;
  for (const auto & file : files)
  {
    ReadOptions reading;
    reading.volume = 0;
    const auto volumes = ReadHeader(file, reading).header.volumes;
    Maps maps;
    for (std::uint64_t v = 0; v < volumes; ++v)
    {
      reading.volume = v;
      maps.push_back(ReadLabels(file, reading).image);
    }
    for (std::size_t left = 0; left < maps.size(); ++left)
    {
      auto others = maps;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(left));
      dice["graph_cut"].push_back(
          MeanDiceOf(maps[left], GraphCut(others, nullptr, options).labels));
      for (const auto & rule : SimpleRules())
      {
        dice[rule].push_back(MeanDiceOf(maps[left], FuseByRule(rule, others)));
      }
    }
  }
  for (const auto & [rule, values] : dice)
  {
    const auto defined = WithoutMissing(values);
    std::printf("readers\t%s\t%zu\t%.4f\n", rule.c_str(), defined.size(), Mean(defined));
  }
}

int
Run(int argc, char ** argv)
{
  const std::string mode = argc > 2 ? argv[1] : "";
  if (mode != "phantoms" && mode != "absent" && mode != "readers")
  {
    throw UsageError("phantoms COUNT, absent COUNT or readers FOLDER, then --NAME VALUE …");
  }
  ConsensusOptions options;
  Parameters parameters;
  Describe(parameters, options);
  std::string only;
  std::uint64_t phantomSeed = 0;
  for (int i = 3; i + 1 < argc; i += 2)
  {
    const std::string name = std::string(argv[i]).substr(2);
    if (name == "scenario")
    {
      only = argv[i + 1];
      continue;
    }
    if (name == "phantom_seed")
    {
      phantomSeed = std::strtoull(argv[i + 1], nullptr, 10);
      continue;
    }
    parameters.Require(name, "command line").SetText(argv[i + 1]);
  }
  if (mode == "readers")
  {
    RunReaders(argv[2], options);
    return 0;
  }
  if (mode == "absent")
  {
    for (const int present : {1, 2, 3, 4})
    {
      RunAbsent(present, std::atoi(argv[2]), phantomSeed, options);
    }
    return 0;
  }
  for (const auto & scenario : Scenarios())
  {
    if (only.empty() || only == scenario.name)
    {
      RunScenario(scenario, std::atoi(argv[2]), phantomSeed, options);
    }
  }
  return 0;
}

} // namespace

int
main(int argc, char ** argv)
{
  try
  {
    return Run(argc, argv);
  }
  catch (const std::exception & error)
  {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
