#include "sulcusSegmentCases.h"
#include "sulcusSegmentIntermediates.h"
#include "sulcusSegmentPage.h"
#include "sulcusSegmentSettings.h"
#include "sulcusSegmentSummary.h"
#include "sulcusSegmentTargets.h"
#include <sulcusAtomicWrite.h>
#include <sulcusCorrectionPredictor.h>
#include <sulcusDevice.h>
#include <sulcusDicomRead.h>
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
      "An output that ends in .dcm is a DICOM SEG in the study of the DICOM input; --html writes a "
      "page that shows what came out. Every result is read back and compared before it gets its "
      "name.";
  program.example =
      "sulcus-segment dicom_folder --model model.safetensors --output seg.dcm --html seg.html";
  program.usesDevice = true;
  return program;
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
    const bool wantsPage = !m_Settings.html.empty();
    m_Settings.segmentation.confidence = m_Settings.confidence || wantsPage;
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
    sulcus::RequireFreePage(m_Settings, m_Context.common.overwrite);
    m_Segments = sulcus::SegmentsFor(m_Settings, segmenter.GetPlan());
    if (m_Context.common.dryRun)
    {
      return;
    }
    sulcus::MakeOutputFolder(m_Settings);
    if (wantsPage)
    {
      // opened and given up: a page that cannot be written must not be found out at the end
      const sulcus::AtomicFile probe(m_Settings.html, m_Context.OverwriteRule());
      m_Page.emplace(m_Settings, segmenter.Models(), segmenter.GetPlan(), m_Segments);
    }
    const auto failed = RunCases(segmenter, cases, targets);
    if (m_Page)
    {
      m_Page->Write(m_Context.OverwriteRule());
      m_Context.record.AddOutput(m_Settings.html);
    }
    if (failed > 0)
    {
      throw sulcus::PartialError(
          sulcus::Message(failed, " of ", cases.size(), " cases failed; see the warnings"));
    }
  }

private:
  /** \returns how many failed; the only one throws instead */
  std::size_t
  RunCases(const sulcus::Segmenter & segmenter,
           const std::vector<sulcus::SegmentCase> & cases,
           const std::vector<sulcus::SegmentTarget> & targets)
  {
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
        if (m_Page)
        {
          m_Page->AddFailure(cases[c].id, problem.what());
        }
      }
    }
    return failed;
  }

  void
  RunCase(const sulcus::Segmenter & segmenter,
          const sulcus::SegmentCase & segmentCase,
          const sulcus::SegmentTarget & target,
          const std::function<void(double)> & progress)
  {
    sulcus::SegmentPageCase shown;
    shown.id = segmentCase.id;
    shown.output = target.label;
    const auto channels = ReadChannels(segmentCase, shown);
    const auto statedSpacing = channels.front()->GetSpacing();
    for (const auto & channel : channels)
    {
      if (segmentCase.spacingInMm)
      {
        channel->SetSpacing(segmentCase.spacingInMm->data());
      }
    }
    const auto result = segmenter.Segment(channels, segmentCase.id, progress);
    if (m_Intermediates)
    {
      m_Intermediates->Write(
          channels, statedSpacing, target.base, target.ending, m_Context.common.overwrite);
    }
    shown.summary = sulcus::Summarise(result, segmenter.GetPlan(), m_Page.has_value());
    if (m_Page)
    {
      Show(channels.front(), result.decision.label, segmenter.GetPlan(), shown);
    }
    SetSpacing(result.decision, statedSpacing);
    WriteResult(result.decision, segmenter.GetPlan(), segmentCase, target);
    Report(shown);
    if (m_Page)
    {
      m_Page->Add(std::move(shown));
    }
  }

  /** Reads the images and notes what was guessed and what the scanner calls them. */
  std::vector<sulcus::FloatImage::Pointer>
  ReadChannels(const sulcus::SegmentCase & segmentCase, sulcus::SegmentPageCase & shown) const
  {
    std::vector<sulcus::FloatImage::Pointer> channels;
    for (const std::string & file : segmentCase.channels)
    {
      auto loaded = sulcus::ReadImage(file, sulcus::ToReadOptions(m_Settings.reading));
      for (const std::string & warning : loaded.warnings)
      {
        sulcus::LogWarning(warning);
        shown.notes.push_back(warning);
      }
      for (const auto & [key, value] : loaded.header.fields)
      {
        if (key == sulcus::SeriesDescriptionField)
        {
          shown.series.push_back(value);
        }
      }
      channels.push_back(loaded.image);
    }
    return channels;
  }

  /** What the page tells beside the numbers. */
  void
  Show(const sulcus::FloatImage * image,
       const sulcus::LabelImage * label,
       const sulcus::Plan & plan,
       sulcus::SegmentPageCase & shown) const
  {
    const auto grid = sulcus::GridOf(image);
    const auto notes = sulcus::NotesOn(shown.summary, plan, grid);
    shown.notes.insert(shown.notes.end(), notes.begin(), notes.end());
    shown.grid = sulcus::ToText(grid);
    shown.picture = sulcus::DrawSegmentedCase(image, label, m_Segments);
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

  /** An empty result is never silent. */
  void
  Report(const sulcus::SegmentPageCase & finished)
  {
    if (finished.summary.labelledVoxels == 0)
    {
      sulcus::LogWarning(sulcus::Message("case ", finished.id, ": no structure was found"));
    }
    m_Context.record.Results()["cases"].push_back(sulcus::ToJson(finished.summary, finished.id));
    m_Context.record.AddOutput(finished.output);
  }

  sulcus::SegmentSettings & m_Settings;
  sulcus::RunContext & m_Context;
  std::optional<sulcus::SegmentIntermediates> m_Intermediates;
  std::vector<sulcus::SegmentInfo> m_Segments;
  std::optional<sulcus::SegmentPage> m_Page; ///< where one was asked for
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
