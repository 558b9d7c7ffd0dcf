#include "sulcusConsensusFusion.h"
#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusFusionRules.h>
#include <sulcusInterrupt.h>
#include <sulcusProgress.h>
#include <sulcusSafeRead.h>

#include <algorithm>

namespace
{

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "consensus";
  program.summary = "Fuse the label maps of several annotators and report who can be trusted";
  program.details = "Give one 3-D file an annotator, 4-D files with one volume an annotator (each "
                    "is a case), or a manifest with columns "
                    "case, image and annotator_<name>. Writes for each case the consensus, its "
                    "confidence, flags, vote shares and "
                    "completed annotations, and for all cases tables, a report page and a manifest "
                    "for sulcus-prepare. Voxels that were "
                    "not annotated (--missing_value) are never taken for background.";
  program.example = "sulcus-consensus anna.nii.gz ben.nii.gz carla.nii.gz --image t1.nii.gz "
                    "--output fused";
  program.usesSeed = true;
  return program;
}

void
Describe(sulcus::Parameters & visit, sulcus::ConsensusProgramOptions & o)
{
  using sulcus::ParameterKind;
  visit("annotations", o.annotations, "Label maps: one 3-D file an annotator, or 4-D files.")
      .Kind(ParameterKind::InputLabelMap)
      .Positional();
  visit("image", o.image, "The image that was annotated (single case).")
      .Kind(ParameterKind::InputImage);
  visit("manifest", o.manifest, "Table of cases instead of files.").Kind(ParameterKind::InputFile);
  visit("case_name", o.caseName, "Name of a single case, the beginning of its file names.");
  visit("output", o.outputFolder, "Folder for the results; must not exist or be empty.")
      .Kind(ParameterKind::OutputFolder)
      .Required()
      .Short('o');
  std::vector<std::string> rules{"graph_cut"};
  rules.insert(rules.end(), sulcus::SimpleRules().begin(), sulcus::SimpleRules().end());
  visit("rule", o.rule, "Rule that makes the consensus file.").Choices(rules);
  visit("outputs",
        o.outputs,
        "standard: everything; labels: consensus, confidence and training weight only.")
      .Choices({"standard", "labels"});
  visit("missing_value",
        o.missingValue,
        "Value of voxels that were not annotated; -1: there are none.")
      .Range(-1, 65535);
  visit("resample",
        o.resample,
        "Bring maps on other grids onto the first one's instead of refusing them.");
  visit("compare", o.compare, "Run every rule and compare them.");
  visit("impute_absent",
        o.imputeAbsent,
        "Let annotators who left out whole cases take part there as their other cases suggest "
        "(needs images).");
  sulcus::Describe(visit, o.consensus);
}

/** Reads and checks everything, so that nothing is written for a cohort that has a bad file. */
std::set<std::uint16_t>
CheckCohort(const sulcus::ConsensusCohort & cohort, const sulcus::ConsensusProgramOptions & options)
{
  std::set<std::uint16_t> labels{0};
  for (const auto & [value, name] : cohort.labelNames)
  {
    labels.insert(value);
  }
  sulcus::Progress progress("reading", double(cohort.cases.size()));
  double done = 0.0;
  for (const auto & one : cohort.cases)
  {
    sulcus::ThrowIfInterrupted();
    sulcus::LoadCase(one, options.missingValue, options.resample).AddLabels(labels);
    progress.Update(++done, one.id);
  }
  for (const auto & file : cohort.labelFiles) // of cases that nobody here drew, too
  {
    sulcus::ThrowIfInterrupted();
    sulcus::AddLabelsOf(sulcus::ReadLabels(file).image, labels);
  }
  if (cohort.ignored)
  {
    labels.erase(*cohort.ignored);
  }
  constexpr std::size_t mostClasses = 256;
  if (labels.size() > mostClasses && options.outputs == "standard")
  {
    throw sulcus::UsageError(
        sulcus::Message(labels.size(),
                        " labels; soft labels can hold ",
                        mostClasses,
                        ". Give --outputs labels, or is one of the inputs an intensity image?"));
  }
  return labels;
}

/** Fuses all cases. Where annotators left out cases, what they drew elsewhere is learnt first. */
std::vector<sulcus::CaseSummary>
RunCases(const sulcus::ConsensusCohort & cohort,
         sulcus::CohortKnowledge & knowledge,
         const sulcus::ConsensusProgramOptions & options,
         sulcus::RunContext & context)
{
  std::set<std::string> absent;
  if (options.imputeAbsent && options.consensus.complete)
  {
    absent = sulcus::AnnotatorsWithAbsences(cohort);
  }
  const auto learning =
      std::count_if(cohort.cases.begin(),
                    cohort.cases.end(),
                    [&](const auto & one) { return sulcus::HasAnnotatorOf(one, absent); });
  sulcus::Progress progress("consensus", double(cohort.cases.size()) + double(learning));
  double done = 0.0;
  if (!absent.empty())
  {
    knowledge.forests = sulcus::LearnAnnotators(cohort,
                                                absent,
                                                options,
                                                [&](double cases)
                                                { progress.Update(cases, "learning annotators"); });
    done = double(learning);
  }
  std::vector<sulcus::CaseSummary> summaries;
  for (const auto & one : cohort.cases)
  {
    sulcus::ThrowIfInterrupted();
    const auto show = [&](double share) { progress.Update(done + share, one.id); };
    show(0.0);
    summaries.push_back(sulcus::RunCase(one, knowledge, options, show, context));
    ++done;
    show(0.0);
  }
  return summaries;
}

} // namespace

int
main(int argc, char ** argv)
{
  sulcus::ConsensusProgramOptions options;
  return sulcus::RunApplication(
      argc,
      argv,
      Program(),
      [&](sulcus::Parameters & visit) { Describe(visit, options); },
      [&](sulcus::RunContext & context)
      {
        options.consensus.seed = context.common.seed;
        sulcus::CheckConsensusOptions(options.consensus);
        const auto cohort = sulcus::ListCases(
            options.annotations, options.image, options.manifest, options.caseName);
        sulcus::CohortKnowledge knowledge{CheckCohort(cohort, options), {}};
        if (context.common.dryRun)
        {
          return;
        }
        sulcus::PrepareOutputFolder(options.outputFolder, context.OverwriteRule());
        const auto summaries = RunCases(cohort, knowledge, options, context);
        sulcus::WriteReports(summaries, options, context);
        sulcus::WriteTrainingManifest(cohort, knowledge.labels, options, context);
      });
}
