#include <sulcusApplication.h>
#include <sulcusLog.h>
#include <sulcusPreparation.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace
{

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "prepare";
  program.summary = "Check a data set, derive a plan and preprocess it into a cache for training";
  program.details =
      "Reads a Medical Segmentation Decathlon folder (dataset.json), an nnU-Net raw folder, a "
      "plain "
      "folder with file name patterns, or a manifest (.tsv with the columns case, subject, site, "
      "split, image or image_<channel>, label, annotator_<name>, soft_label, weight or confidence, "
      "observed, spacing). Every file is checked before anything is written. The plan (target "
      "spacing, patch, network depth, normalisation) is derived from the training scans; "
      "plan.json in the cache can be edited and given back with --plan. Labels that a frozen split "
      "withholds never enter the cache. --dry_run only checks.";
  program.example = "sulcus-prepare dataset --output cache --splits splits.json --labelled 4";
  program.usesSeed = true;
  return program;
}

void
Report(const sulcus::CheckedDataset & checked, sulcus::RunContext & context)
{
  for (const auto & warning : checked.warnings)
  {
    sulcus::LogWarning(warning);
  }
  const auto & plan = checked.plan;
  const auto count = [&](const std::string & split)
  {
    return static_cast<std::size_t>(std::count_if(checked.fingerprint.begin(),
                                                  checked.fingerprint.end(),
                                                  [&](const auto & print)
                                                  { return print.split == split; }));
  };
  sulcus::LogInfo(fmt::format("{} training cases, {} of them labelled; {} for validation",
                              count("train"),
                              checked.LabelledCount("train"),
                              count("validation")));
  sulcus::LogInfo(fmt::format(
      "plan: spacing {} x {} x {} mm, patch {} x {} x {} (z, y, x), {} levels, crop {}, {} labels",
      plan.targetSpacingInMm[0],
      plan.targetSpacingInMm[1],
      plan.targetSpacingInMm[2],
      plan.patchSize[0],
      plan.patchSize[1],
      plan.patchSize[2],
      plan.network.widths.size(),
      plan.cropToForeground ? "on" : "off",
      plan.labels.size()));
  auto & results = context.record.Results();
  results["cases"] = checked.dataset.cases.size();
  results["training_cases"] = count("train");
  results["labelled_training_cases"] = checked.LabelledCount("train");
  results["validation_cases"] = count("validation");
  results["plan"] = sulcus::PlanToJson(plan);
}

} // namespace

int
main(int argc, char ** argv)
{
  std::string output;
  sulcus::PreparationOptions options;
  return sulcus::RunApplication(
      argc,
      argv,
      Program(),
      [&](sulcus::Parameters & visit)
      {
        visit("dataset", options.dataset.path, "Folder, dataset.json or manifest (.tsv).")
            .Kind(sulcus::ParameterKind::InputFolder)
            .Required()
            .Positional();
        visit("output", output, "Folder for the cache.")
            .Kind(sulcus::ParameterKind::OutputFolder)
            .Required()
            .Short('o');
        sulcus::Describe(visit, options);
      },
      [&](sulcus::RunContext & context)
      {
        options.seed = context.common.seed;
        sulcus::RequireFreeFolder(output, context.OverwriteRule());
        const sulcus::Stopwatch checking;
        const auto checked = sulcus::CheckDataset(options);
        context.record.AddStage("check", checking.Seconds());
        Report(checked, context);
        if (context.common.dryRun)
        {
          return;
        }
        const sulcus::Stopwatch writing;
        sulcus::WriteCache(checked, options, output, context.OverwriteRule());
        context.record.AddStage("prepare", writing.Seconds());
        context.record.AddOutput(std::filesystem::path(output) / "cache.json");
      });
}
