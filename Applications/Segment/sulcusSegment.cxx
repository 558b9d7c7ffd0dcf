#include "sulcusSegmentCases.h"
#include "sulcusSegmentIntermediates.h"
#include "sulcusSegmentSettings.h"
#include "sulcusSegmentTargets.h"
#include <sulcusAtomicWrite.h>
#include <sulcusCorrectionPredictor.h>
#include <sulcusDevice.h>
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusMain.h>
#include <sulcusMemory.h>
#include <sulcusProgress.h>
#include <sulcusSafeRead.h>
#include <sulcusSpacing.h>

#include <torch/types.h>

#include <nlohmann/json.hpp>

#include <optional>

namespace
{

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "segment";
  program.summary = "Segment volumes with a trained model, each on its own grid";
  program.details =
      "Takes image files, folders of images, DICOM folders, or lists (.txt, .tsv: one case a line, "
      "channels separated by tabs), and one model file or several, whose probabilities are "
      "averaged. The model carries preprocessing, label names, component rules and the range of "
      "images it may be trusted with; an image outside that range is refused with exit status 9. "
      "An output that ends in .dcm is a DICOM SEG in the study of the DICOM input. Every result is "
      "read back and compared before it gets its name.";
  program.example = "sulcus-segment dicom_folder --model model.safetensors --output seg.dcm";
  program.usesDevice = true;
  return program;
}

/** What the labels mean: as the user says, or named by the model. */
std::vector<sulcus::SegmentInfo>
SegmentsFor(const sulcus::SegmentSettings & settings, const sulcus::Plan & plan)
{
  if (!settings.segments.empty())
  {
    return sulcus::ParseSegmentationJson(sulcus::ReadTextFile(settings.segments), settings.segments)
        .segments;
  }
  std::vector<sulcus::SegmentInfo> segments;
  for (const auto & label : plan.labels)
  {
    if (label.value > 0 && label.value <= 65535)
    {
      segments.push_back(sulcus::DefaultSegment(static_cast<std::uint16_t>(label.value)));
      segments.back().name = label.name;
    }
  }
  return segments;
}

class SegmentRun
{
public:
  SegmentRun(sulcus::SegmentSettings & settings, sulcus::RunContext & context)
      : m_Settings(settings), m_Context(context)
  {
  }

  void
  Execute()
  {
    m_Settings.segmentation.confidence = m_Settings.confidence;
    m_Settings.segmentation.entropy = m_Settings.uncertainty;
    m_Settings.segmentation.probabilities = m_Settings.probabilities;
    sulcus::KeepFreedMemory();
    const torch::Device device = sulcus::ResolveDevice(m_Context.common.device);
    sulcus::SetTorchThreads(m_Context.common.threads);
    const sulcus::Segmenter segmenter(
        {m_Settings.models.begin(), m_Settings.models.end()},
        device,
        m_Settings.segmentation,
        sulcus::CorrectionPredictorMakers(sulcus::CorrectionPassesOf(m_Settings.passes)));
    if (m_Settings.intermediates)
    {
      m_Intermediates.emplace(m_Settings.models, device, m_Settings.segmentation);
    }
    auto cases = sulcus::ListSegmentCases(m_Settings.inputs, segmenter.GetPlan().channels.size());
    for (auto & one : cases)
    {
      if (!m_Settings.spacingInMm.empty())
      {
        one.spacingInMm = sulcus::SpacingFromNumbers(m_Settings.spacingInMm, "--spacing");
      }
    }
    const auto targets =
        sulcus::SegmentTargets(cases, m_Settings, segmenter.GetPlan(), m_Context.common.overwrite);
    m_Segments = SegmentsFor(m_Settings, segmenter.GetPlan());
    if (m_Context.common.dryRun)
    {
      return;
    }
    sulcus::MakeOutputFolder(m_Settings);
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
  void
  RunCase(const sulcus::Segmenter & segmenter,
          const sulcus::SegmentCase & segmentCase,
          const sulcus::SegmentTarget & target,
          const std::function<void(double)> & progress)
  {
    std::vector<sulcus::FloatImage::Pointer> channels;
    for (const std::string & file : segmentCase.channels)
    {
      auto loaded = sulcus::ReadImage(file, sulcus::ToReadOptions(m_Settings.reading));
      for (const std::string & warning : loaded.warnings)
      {
        sulcus::LogWarning(warning);
      }
      channels.push_back(loaded.image);
    }
    const auto statedSpacing = channels.front()->GetSpacing();
    for (const auto & channel : channels)
    {
      if (segmentCase.spacingInMm)
      {
        channel->SetSpacing(segmentCase.spacingInMm->data());
      }
    }
    const auto spacing = channels.front()->GetSpacing();
    const auto result = segmenter.Segment(channels, segmentCase.id, progress);
    if (m_Intermediates)
    {
      m_Intermediates->Write(
          channels, statedSpacing, target.base, target.ending, m_Context.common.overwrite);
    }
    SetSpacing(result.decision, statedSpacing);
    WriteResult(result.decision, segmenter.GetPlan(), segmentCase, target);
    Report(segmentCase, result, segmenter.GetPlan(), target, spacing[0] * spacing[1] * spacing[2]);
  }

  /** Of all images of a decision: results lie on the image as its file states it. */
  static void
  SetSpacing(const sulcus::NativeDecision & decision,
             const sulcus::FloatImage::SpacingType & spacingInMm)
  {
    decision.label->SetSpacing(spacingInMm);
    for (const auto & map : {decision.confidence, decision.entropy})
    {
      if (map.IsNotNull())
      {
        map->SetSpacing(spacingInMm);
      }
    }
    for (const auto & map : decision.probabilities)
    {
      map->SetSpacing(spacingInMm);
    }
  }

  void
  WriteResult(const sulcus::NativeDecision & decision,
              const sulcus::Plan & plan,
              const sulcus::SegmentCase & segmentCase,
              const sulcus::SegmentTarget & target) const
  {
    sulcus::WriteOptions write;
    write.overwrite = m_Context.common.overwrite;
    write.segments = m_Segments;
    write.dicomSource = segmentCase.channels.front();
    write.dicom.sourceSeries = m_Settings.reading.series;
    write.dicom.sourceVolume = sulcus::ToReadOptions(m_Settings.reading).volume;
    if (m_Settings.confidence)
    {
      sulcus::WriteImage(target.File("confidence"), decision.confidence.GetPointer(), write);
    }
    if (m_Settings.uncertainty)
    {
      sulcus::WriteImage(target.File("uncertainty"), decision.entropy.GetPointer(), write);
    }
    for (std::size_t k = 0; k < decision.probabilities.size(); ++k)
    {
      sulcus::WriteImage(target.File(sulcus::ProbabilityFilePart(plan.labels[k].name)),
                         decision.probabilities[k].GetPointer(),
                         write);
    }
    sulcus::WriteImage(
        target.label, decision.label.GetPointer(), write); // last: it says that the case is done
  }

  /** Volume of every label: an empty result is never silent. */
  void
  Report(const sulcus::SegmentCase & segmentCase,
         const sulcus::Segmented & result,
         const sulcus::Plan & plan,
         const sulcus::SegmentTarget & target,
         double voxelVolumeInMm3)
  {
    const auto & label = result.decision.label;
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
                                 {"volume_mm3", static_cast<double>(found) * voxelVolumeInMm3}});
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

  sulcus::SegmentSettings & m_Settings;
  sulcus::RunContext & m_Context;
  std::optional<sulcus::SegmentIntermediates> m_Intermediates;
  std::vector<sulcus::SegmentInfo> m_Segments;
};

} // namespace

int
main(int argc, char ** argv)
{
  sulcus::SegmentSettings settings;
  const auto run = [](sulcus::SegmentSettings & options, sulcus::RunContext & context)
  { SegmentRun(options, context).Execute(); };
  return sulcus::RunApplicationWith(argc, argv, Program(), settings, run);
}
