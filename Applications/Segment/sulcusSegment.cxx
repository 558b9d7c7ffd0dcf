#include "sulcusSegmentCases.h"
#include "sulcusSegmentIntermediates.h"
#include <sulcusApplication.h>
#include <sulcusAtomicWrite.h>
#include <sulcusCorrectionPredictor.h>
#include <sulcusDevice.h>
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusMemory.h>
#include <sulcusProgress.h>
#include <sulcusSafeRead.h>
#include <sulcusSegmenter.h>

#include <torch/types.h>

#include <nlohmann/json.hpp>

#include <map>
#include <optional>

namespace
{

namespace fs = std::filesystem;

struct Options
{
  std::vector<std::string> inputs;
  std::vector<std::string> models;
  std::string output;
  std::string format = ".nii.gz";
  bool confidence = false;
  bool uncertainty = false;
  bool probabilities = false;
  bool intermediates = false;
  std::string passes = "volume";
  sulcus::SegmentationOptions segmentation;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "segment";
  program.summary = "Segment volumes with a trained model, each on its own grid";
  program.details = "Takes image files, folders of images, or lists (.txt, .tsv: one case a line, "
                    "channels separated by tabs), and one "
                    "model file or several, whose probabilities are averaged. The model carries "
                    "preprocessing, label names, component "
                    "rules and the range of images it may be trusted with; an image outside that "
                    "range is refused with exit status 9. "
                    "Every result is read back and compared before it gets its name.";
  program.example = "sulcus-segment scan.nii.gz --model model.safetensors --output labels.nii.gz";
  program.usesDevice = true;
  return program;
}

void
Describe(sulcus::Parameters & visit, Options & o)
{
  visit("input", o.inputs, "Image files, folders of images, or lists.")
      .Kind(sulcus::ParameterKind::InputImage)
      .Required()
      .Positional();
  visit("model", o.models, "Model files; several are averaged.")
      .Kind(sulcus::ParameterKind::InputFile)
      .Required()
      .Short('m');
  visit("output",
        o.output,
        "Label map of a single case (a name with an image ending), else a folder for all.")
      .Kind(sulcus::ParameterKind::OutputLabelMap)
      .Required()
      .Short('o');
  visit("format", o.format, "Ending of the files in an output folder.")
      .Choices({".nii.gz", ".nii", ".nrrd", ".mha"});
  visit.Group("Also write");
  visit("confidence", o.confidence, "Probability of the chosen label: <case>_confidence.");
  visit("uncertainty", o.uncertainty, "Entropy from 0 (certain) to 1: <case>_uncertainty.");
  visit("probabilities",
        o.probabilities,
        "One volume a label: <case>_probability_<label>. Needs labels × volume of memory.");
  visit("intermediates",
        o.intermediates,
        "Of a correction model, what its two passes saw and made: <case>_coarse, _mask, _erased, "
        "_repainted, _refined.")
      .Advanced();
  visit.Group("Prediction");
  visit("passes",
        o.passes,
        "Of a correction model: the coarse pass over the whole volume first, both passes in each "
        "window, or the coarse pass alone.")
      .Choices(sulcus::CorrectionPassesNames())
      .Advanced();
  sulcus::Describe(visit, o.segmentation);
}

/** Where the files of a case go. */
struct Target
{
  std::string label;
  std::string base; ///< of the other files, without ending
  std::string ending;
};

Target
TargetOf(const sulcus::SegmentCase & segmentCase, const Options & options, bool isSingleFile)
{
  if (!isSingleFile)
  {
    const std::string base = (fs::path(options.output) / segmentCase.id).string();
    return {base + options.format, base, options.format};
  }
  const fs::path output = options.output;
  const std::string stem = sulcus::StemOf(output);
  const std::string name = output.filename().string();
  return {options.output, (output.parent_path() / stem).string(), name.substr(stem.size())};
}

/** A label's name as part of a file name. */
std::string
FileNamePart(std::string name)
{
  for (char & c : name)
  {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.';
    c = plain ? c : '_';
  }
  return name;
}

std::vector<std::string>
FilesOf(const Target & target, const Options & options, const sulcus::Plan & plan)
{
  std::vector<std::string> files{target.label};
  if (options.confidence)
  {
    files.push_back(target.base + "_confidence" + target.ending);
  }
  if (options.uncertainty)
  {
    files.push_back(target.base + "_uncertainty" + target.ending);
  }
  if (options.intermediates)
  {
    const auto names =
        sulcus::SegmentIntermediates::Files(target.base, target.ending, plan.channels.size());
    files.insert(files.end(), names.begin(), names.end());
  }
  for (std::size_t k = 0; options.probabilities && k < plan.labels.size(); ++k)
  {
    files.push_back(target.base + "_probability_" + FileNamePart(plan.labels[k].name) +
                    target.ending);
  }
  return files;
}

class SegmentRun
{
public:
  SegmentRun(Options & options, sulcus::RunContext & context)
      : m_Options(options), m_Context(context)
  {
  }

  void
  Execute()
  {
    m_Options.segmentation.confidence = m_Options.confidence;
    m_Options.segmentation.entropy = m_Options.uncertainty;
    m_Options.segmentation.probabilities = m_Options.probabilities;
    sulcus::KeepFreedMemory();
    const torch::Device device = sulcus::ResolveDevice(m_Context.common.device);
    sulcus::SetTorchThreads(m_Context.common.threads);
    const sulcus::Segmenter segmenter(
        {m_Options.models.begin(), m_Options.models.end()},
        device,
        m_Options.segmentation,
        sulcus::CorrectionPredictorMakers(sulcus::CorrectionPassesOf(m_Options.passes)));
    if (m_Options.intermediates)
    {
      m_Intermediates.emplace(m_Options.models, device, m_Options.segmentation);
    }
    const auto cases =
        sulcus::ListSegmentCases(m_Options.inputs, segmenter.GetPlan().channels.size());
    const auto targets = Targets(cases, segmenter.GetPlan());
    if (m_Context.common.dryRun)
    {
      return;
    }
    std::size_t failed = 0;
    sulcus::Progress progress("Segmenting", static_cast<double>(cases.size()));
    for (std::size_t c = 0; c < cases.size(); ++c)
    {
      try
      {
        RunCase(segmenter,
                cases[c],
                targets[c],
                [&](double fraction)
                { progress.Update(static_cast<double>(c) + fraction, cases[c].id); });
      }
      catch (const sulcus::Error & problem)
      {
        const bool stops = problem.Code() == sulcus::ExitCode::Interrupted || cases.size() == 1;
        if (stops)
        {
          throw;
        }
        sulcus::LogWarning(sulcus::Message("case ", cases[c].id, " failed: ", problem.what()));
        ++failed;
      }
    }
    if (failed > 0)
    {
      throw sulcus::PartialError(
          sulcus::Message(failed, " of ", cases.size(), " cases failed; see the warnings"));
    }
  }

private:
  /** All output names, checked before anything is computed. */
  std::vector<Target>
  Targets(const std::vector<sulcus::SegmentCase> & cases, const sulcus::Plan & plan) const
  {
    const bool isSingleFile = sulcus::HasImageEnding(m_Options.output);
    if (isSingleFile && cases.size() > 1)
    {
      throw sulcus::UsageError(sulcus::Message("output '",
                                               m_Options.output,
                                               "' names one file, but there are ",
                                               cases.size(),
                                               " cases"));
    }
    std::vector<Target> targets;
    for (const auto & segmentCase : cases)
    {
      targets.push_back(TargetOf(segmentCase, m_Options, isSingleFile));
      sulcus::RequireWritableFormat(targets.back().label);
      for (const std::string & file : FilesOf(targets.back(), m_Options, plan))
      {
        const bool isTaken = fs::exists(file) && !m_Context.common.overwrite;
        if (isTaken)
        {
          throw sulcus::OutputError(
              sulcus::Message(file, ": exists; use --overwrite to replace it"));
        }
        for (const auto & channel : segmentCase.channels)
        {
          if (fs::exists(file) && fs::equivalent(file, channel))
          {
            throw sulcus::UsageError(sulcus::Message(file, ": the output would replace the input"));
          }
        }
      }
    }
    if (!isSingleFile && !m_Context.common.dryRun)
    {
      std::error_code problem;
      fs::create_directories(m_Options.output, problem);
      if (problem)
      {
        throw sulcus::OutputError(
            sulcus::Message(m_Options.output, ": the folder cannot be made: ", problem.message()));
      }
    }
    return targets;
  }

  void
  RunCase(const sulcus::Segmenter & segmenter,
          const sulcus::SegmentCase & segmentCase,
          const Target & target,
          const std::function<void(double)> & progress)
  {
    std::vector<sulcus::FloatImage::Pointer> channels;
    for (const std::string & file : segmentCase.channels)
    {
      auto loaded = sulcus::ReadImage(file);
      for (const std::string & warning : loaded.warnings)
      {
        sulcus::LogWarning(warning);
      }
      channels.push_back(loaded.image);
    }
    const auto result = segmenter.Segment(channels, segmentCase.id, progress);
    if (m_Intermediates)
    {
      m_Intermediates->Write(channels, target.base, target.ending, m_Context.common.overwrite);
    }
    WriteResult(result.decision, segmenter.GetPlan(), target);
    Report(segmentCase, result, segmenter.GetPlan(), target);
  }

  void
  WriteResult(const sulcus::NativeDecision & decision,
              const sulcus::Plan & plan,
              const Target & target) const
  {
    sulcus::WriteOptions write;
    write.overwrite = m_Context.common.overwrite;
    if (m_Options.confidence)
    {
      sulcus::WriteImage(
          target.base + "_confidence" + target.ending, decision.confidence.GetPointer(), write);
    }
    if (m_Options.uncertainty)
    {
      sulcus::WriteImage(
          target.base + "_uncertainty" + target.ending, decision.entropy.GetPointer(), write);
    }
    for (std::size_t k = 0; k < decision.probabilities.size(); ++k)
    {
      const std::string file =
          target.base + "_probability_" + FileNamePart(plan.labels[k].name) + target.ending;
      sulcus::WriteImage(file, decision.probabilities[k].GetPointer(), write);
    }
    sulcus::WriteImage(
        target.label, decision.label.GetPointer(), write); // last: it says that the case is done
  }

  /** Volume of every label: an empty result is never silent. */
  void
  Report(const sulcus::SegmentCase & segmentCase,
         const sulcus::Segmented & result,
         const sulcus::Plan & plan,
         const Target & target)
  {
    const auto & label = result.decision.label;
    const auto spacing = label->GetSpacing();
    const double voxelVolume = spacing[0] * spacing[1] * spacing[2];
    const std::size_t count = label->GetLargestPossibleRegion().GetNumberOfPixels();
    std::vector<std::size_t> voxels(65536, 0); // one a 16-bit value
    for (std::size_t i = 0; i < count; ++i)
    {
      ++voxels[label->GetBufferPointer()[i]];
    }
    const std::size_t foreground = count - voxels[0];
    if (foreground == 0)
    {
      sulcus::LogWarning(sulcus::Message("case ", segmentCase.id, ": no structure was found"));
    }
    nlohmann::ordered_json entry;
    entry["case"] = segmentCase.id;
    entry["labelled_voxels"] = foreground;
    for (std::size_t k = 1; k < plan.labels.size(); ++k)
    {
      const std::size_t found = voxels.at(static_cast<std::size_t>(plan.labels[k].value));
      entry["labels"].push_back({{"value", plan.labels[k].value},
                                 {"name", plan.labels[k].name},
                                 {"voxels", found},
                                 {"volume_mm3", static_cast<double>(found) * voxelVolume}});
    }
    for (const auto & rule : result.rules)
    {
      entry["component_rules"].push_back({{"label", rule.label},
                                          {"components_before", rule.componentsBefore},
                                          {"components_after", rule.componentsAfter},
                                          {"voxels_removed", rule.voxelsRemoved}});
    }
    m_Context.record.Results()["cases"].push_back(entry);
    m_Context.record.AddOutput(target.label);
  }

  Options & m_Options;
  sulcus::RunContext & m_Context;
  std::optional<sulcus::SegmentIntermediates> m_Intermediates;
};

} // namespace

int
main(int argc, char ** argv)
{
  Options options;
  return sulcus::RunApplication(
      argc,
      argv,
      Program(),
      [&](sulcus::Parameters & visit) { Describe(visit, options); },
      [&](sulcus::RunContext & context) { SegmentRun(options, context).Execute(); });
}
