#include "sulcusConsensusRun.h"

#include "sulcusConsensusFusion.h"
#include "sulcusDisagreementPicture.h"
#include <sulcusAtomicWrite.h>
#include <sulcusError.h>
#include <sulcusFusionRules.h>
#include <sulcusImageGrid.h>
#include <sulcusInterrupt.h>
#include <sulcusLog.h>
#include <sulcusStatistics.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Writes the files of a case and remembers them for the run record. */
class CaseWriter
{
public:
  CaseWriter(fs::path folder, std::string caseId, RunContext & context)
      : m_Folder(std::move(folder)), m_CaseId(std::move(caseId)), m_Context(context)
  {
    m_Options.overwrite = context.OverwriteRule() == Overwrite::Allow;
  }

  template <typename TImage>
  void
  Write(const std::string & what, const TImage * image)
  {
    const auto path = m_Folder / (m_CaseId + "_" + what + ".nii.gz");
    WriteImage(path.string(), image, m_Options);
    m_Context.record.AddOutput(path);
  }

private:
  fs::path m_Folder;
  std::string m_CaseId;
  RunContext & m_Context;
  WriteOptions m_Options;
};

/** Probabilities as one component a label of the cohort, on the whole grid; background where
 * nothing was computed. */
VectorImage::Pointer
SoftLabels(const ConsensusFilter & filter,
           const ImageGrid & grid,
           const std::set<std::uint16_t> & cohortLabels)
{
  const auto & block = filter.Block();
  const std::size_t own = block.labelCount;
  const std::size_t all = cohortLabels.size();
  std::vector<std::size_t> component;
  for (const auto value : filter.LabelValues())
  {
    component.push_back(
        static_cast<std::size_t>(std::distance(cohortLabels.begin(), cohortLabels.find(value))));
  }
  auto image = VectorImage::New();
  image->SetNumberOfComponentsPerPixel(static_cast<unsigned>(all));
  SetGrid(image, grid);
  image->Allocate();
  float * buffer = image->GetBufferPointer();
  std::fill_n(buffer, grid.VoxelCount() * all, 0.0F);
  for (std::size_t p = 0; p < grid.VoxelCount(); ++p)
  {
    buffer[p * all] = 1.0F;
  }
  const float * shares = filter.Result().probability.data();
  const auto & start = filter.BlockStart();
  for (std::size_t z = 0; z < block.size[2]; ++z)
  {
    for (std::size_t y = 0; y < block.size[1]; ++y)
    {
      float * voxel =
          buffer + all * (start[0] + grid.size[0] * (start[1] + y + grid.size[1] * (start[2] + z)));
      for (std::size_t x = 0; x < block.size[0]; ++x, voxel += all, shares += own)
      {
        for (std::size_t l = 0; l < own; ++l)
        {
          voxel[component[l]] = shares[l];
        }
      }
    }
  }
  return image;
}

/** A block-sized list of numbers on the whole grid, zero elsewhere unless told. */
template <typename TImage, typename TValues>
typename TImage::Pointer
OnGrid(const ConsensusFilter & filter,
       const ImageGrid & grid,
       const TValues & values,
       typename TImage::PixelType elsewhere)
{
  auto image = NewImage<TImage>(grid, elsewhere);
  const auto & block = filter.Block();
  const auto & start = filter.BlockStart();
  std::size_t inBlock = 0;
  for (std::size_t z = 0; z < block.size[2]; ++z)
  {
    for (std::size_t y = 0; y < block.size[1]; ++y)
    {
      const std::size_t row =
          start[0] + grid.size[0] * (start[1] + y + grid.size[1] * (start[2] + z));
      for (std::size_t x = 0; x < block.size[0]; ++x, ++inBlock)
      {
        image->GetBufferPointer()[row + x] =
            static_cast<typename TImage::PixelType>(values[inBlock]);
      }
    }
  }
  return image;
}

/** How much each voxel counts in training: what is known about it, times the weight that the case
 * came with. Not the margin of the votes: a soft label says how sure they are already, and counting
 * it twice leaves out the borders. */
FloatImage::Pointer
TrainingWeight(const ConsensusFilter & filter, const ImageGrid & grid, const FloatImage * given)
{
  auto weight = OnGrid<FloatImage>(filter, grid, filter.Result().evidence, 1.0F);
  if (given)
  {
    auto * buffer = weight->GetBufferPointer();
    std::transform(
        buffer, buffer + grid.VoxelCount(), given->GetBufferPointer(), buffer, std::multiplies<>());
  }
  return weight;
}

/** Completed annotations with their provenance (0 not annotated, 1 observed, 2 imputed). \param
 * names of the annotators of the filter: those with a map come first */
void
WriteCompleted(const ConsensusFilter & filter,
               const std::vector<std::string> & names,
               const LoadedCase & loaded,
               CaseWriter & writer)
{
  const auto grid = GridOf(loaded.maps.front().GetPointer());
  for (std::size_t r = 0; r < names.size(); ++r)
  {
    if (filter.Result().raters[r].imputedVoxels == 0)
    {
      continue;
    }
    std::vector<std::uint16_t> values;
    for (const auto index : filter.Result().completed[r])
    {
      values.push_back(index == VotePatterns::MissingVote ? UnobservedValue
                                                          : filter.LabelValues()[index]);
    }
    auto completed = OnGrid<LabelImage>(filter, grid, values, UnobservedValue);
    auto provenance = OnGrid<MaskImage>(filter, grid, filter.Result().provenance[r], 0);
    const auto * drawn = r < loaded.maps.size() ? loaded.maps[r]->GetBufferPointer() : nullptr;
    for (std::size_t p = 0; p < grid.VoxelCount() && drawn; ++p)
    {
      if (provenance->GetBufferPointer()[p] == 0 && drawn[p] != UnobservedValue)
      {
        completed->GetBufferPointer()[p] = drawn[p];
        provenance->GetBufferPointer()[p] = 1;
      }
    }
    writer.Write("completed_" + names[r], completed.GetPointer());
    writer.Write("provenance_" + names[r], provenance.GetPointer());
  }
}

/** Every rule against the consensus, and each annotator against the rule applied to the others. */
Table
CompareRules(const ConsensusCase & source,
             const LoadedCase & loaded,
             const LabelImage * consensus,
             const RaterReport & report,
             const std::vector<std::string> & rules,
             const std::function<void()> & oneDone)
{
  Table table({"case", "rule", "dice_with_consensus", "left_out_dice"});
  const auto mean = [](const std::vector<double> & values)
  {
    const auto defined = WithoutMissing(values);
    return defined.empty() ? Cell{} : Cell{Mean(defined)};
  };
  std::vector<double> own;
  for (const auto & scores : report.againstOthers)
  {
    own.push_back(scores.MeanDice());
  }
  table.AddRow({source.id, std::string("graph_cut"), 1.0, mean(own)});
  for (const auto & rule : rules)
  {
    const auto fused = FuseByRule(rule, loaded.maps);
    std::vector<double> leftOut;
    for (std::size_t r = 0; r < loaded.maps.size() && loaded.maps.size() > 1; ++r)
    {
      auto others = loaded.maps;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(r));
      leftOut.push_back(MeanDiceOf(loaded.maps[r], FuseByRule(rule, others)));
    }
    const double dice = MeanDiceOf(fused, consensus);
    table.AddRow({source.id, rule, std::isnan(dice) ? Cell{} : Cell{dice}, mean(leftOut)});
    oneDone();
  }
  return table;
}

/** A line for each annotator whose votes come from other cases. */
void
NoteAbsences(const ConsensusFilter & filter,
             const std::vector<std::string> & names,
             const AnnotatorForests & forests,
             RaterReport & report)
{
  for (std::size_t r = 0; r < names.size(); ++r)
  {
    const auto & rater = filter.Result().raters[r];
    if (rater.observedFraction == 0.0 && rater.imputedVoxels > 0)
    {
      report.notes.push_back(Message(names[r],
                                     " did not annotate this case: votes imputed from ",
                                     forests.at(names[r])->scans,
                                     " others (out-of-bag accuracy ",
                                     rater.completionAccuracy,
                                     ", share of all votes ",
                                     rater.shareOfVotes,
                                     ")"));
    }
  }
}

RaterReport
ReportOn(const ConsensusFilter & filter,
         const std::vector<std::string> & names,
         const ConsensusOptions & options)
{
  std::vector<std::string> labelNames;
  for (const auto value : filter.LabelValues())
  {
    labelNames.push_back(std::to_string(value));
  }
  return MakeRaterReport(
      filter.Block(), filter.Result(), names, labelNames, options, filter.OutsideVoxels());
}

} // namespace

CaseSummary
RunCase(const ConsensusCase & source,
        const CohortKnowledge & cohort,
        const ConsensusProgramOptions & options,
        const std::function<void(double)> & progress,
        RunContext & context)
{
  const auto loaded = LoadCase(source, options.missingValue, options.resample);
  const auto rules = options.compare ? SimpleRules() : std::vector<std::string>{};
  // the other rules and the reports are about as much work as the graph cut without an image
  const double cutShare = loaded.image ? 0.8 : 0.2;
  const auto filter = FuseCase(source,
                               loaded,
                               cohort.forests,
                               options.consensus,
                               [&](double share) { progress(cutShare * share); });
  std::vector<std::string> names;
  for (const auto & annotation : source.annotations)
  {
    names.push_back(annotation.annotator);
  }
  CaseSummary summary;
  summary.source = source;
  summary.report = ReportOn(*filter, names, options.consensus);
  const auto absent = AbsentAnnotators(source, cohort.forests);
  names.insert(names.end(), absent.begin(), absent.end());
  NoteAbsences(*filter, names, cohort.forests, summary.report);
  for (const auto & note : summary.report.notes)
  {
    LogWarning(Message("case '", source.id, "': ", note));
  }
  double done = cutShare;
  const auto oneDone = [&]
  {
    done += (1.0 - cutShare) / double(rules.size() + 1);
    progress(done);
    ThrowIfInterrupted();
  };
  summary.rules = CompareRules(source, loaded, filter->GetOutput(), summary.report, rules, oneDone);
  summary.picture = DrawDisagreement(filter->Block(), filter->Result());

  CaseWriter writer(options.outputFolder, source.id, context);
  const auto fused = options.rule == "graph_cut" ? LabelImage::Pointer(filter->GetOutput())
                                                 : FuseByRule(options.rule, loaded.maps);
  writer.Write("consensus", fused.GetPointer());
  writer.Write("confidence", filter->GetConfidence());
  writer.Write("weight",
               TrainingWeight(*filter, GridOf(fused.GetPointer()), loaded.weight).GetPointer());
  if (options.outputs != "labels")
  {
    writer.Write("flags", filter->GetFlags());
    writer.Write("soft",
                 SoftLabels(*filter, GridOf(fused.GetPointer()), cohort.labels).GetPointer());
    WriteCompleted(*filter, names, loaded, writer);
  }
  return summary;
}

} // namespace sulcus
