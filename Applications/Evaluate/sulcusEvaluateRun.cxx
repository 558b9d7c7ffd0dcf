#include "sulcusEvaluateRun.h"

#include "sulcusLabelFiles.h"
#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusInterrupt.h>
#include <sulcusJson.h>
#include <sulcusLog.h>
#include <sulcusProgress.h>
#include <sulcusSafeRead.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <set>

namespace sulcus
{
namespace
{

/** The cases of one list of a split file. */
std::vector<std::string>
CasesOfSplit(const std::string & path, const std::string & split)
{
  const auto json = ReadJsonFile(path);
  if (!json.is_object() || !json.contains(split) || !json[split].is_array())
  {
    throw UsageError(Message(path, ": no list named '", split, "'"));
  }
  std::vector<std::string> cases;
  for (const auto & id : json[split])
  {
    if (!id.is_string())
    {
      throw UsageError(Message(path, ": ", split, ": expected case ids, got ", id.dump()));
    }
    cases.push_back(id.get<std::string>());
  }
  return cases;
}

/** Sets the subject of every case from a table with the columns case and subject. */
void
SetSubjects(std::vector<CaseFiles> & cases, const std::string & path)
{
  const auto table = ReadTsv(path, CellTyping::Texts);
  const auto ids = table.Texts("case");
  const auto subjects = table.Texts("subject");
  for (auto & one : cases)
  {
    const auto found = std::find(ids.begin(), ids.end(), one.id);
    if (found == ids.end())
    {
      throw UsageError(Message(path, ": no subject for case '", one.id, "'"));
    }
    one.subject = subjects[static_cast<std::size_t>(found - ids.begin())];
  }
}

void
SetImages(std::vector<CaseFiles> & cases, const std::string & images)
{
  for (auto & one : cases)
  {
    one.image = FindCaseImage(images, one.id);
  }
}

std::vector<std::uint16_t>
LabelsInFiles(const std::vector<CaseFiles> & cases)
{
  std::set<std::uint16_t> found;
  for (const auto & one : cases)
  {
    ThrowIfInterrupted();
    for (const auto & path : {one.reference, one.prediction})
    {
      if (!path.empty())
      {
        const auto image = ReadCaseLabels(one, path, {});
        const auto count = image->GetLargestPossibleRegion().GetNumberOfPixels();
        std::vector<std::uint8_t> seen(65536, 0);
        std::for_each(image->GetBufferPointer(),
                      image->GetBufferPointer() + count,
                      [&](auto label) { seen[label] = 1; });
        for (std::size_t label = 0; label < seen.size(); ++label)
        {
          if (seen[label])
          {
            found.insert(static_cast<std::uint16_t>(label));
          }
        }
      }
    }
  }
  return {found.begin(), found.end()};
}

DeclaredLabels
LabelsToScore(const EvaluateSettings & settings, const std::vector<CaseFiles> & cases)
{
  DeclaredLabels labels;
  if (settings.labels.empty())
  {
    labels = DeclareFound(LabelsInFiles(cases));
    LogWarning(Message("no label names given (--labels): scoring the ",
                       labels.structures.size(),
                       " labels found"));
  }
  else
  {
    labels = ReadDeclaredLabels(settings.labels);
  }
  if (settings.ignoreLabel >= 0)
  {
    labels.ignored = static_cast<std::uint16_t>(settings.ignoreLabel);
    labels.values.push_back(*labels.ignored);
    std::sort(labels.values.begin(), labels.values.end());
  }
  std::erase_if(labels.structures,
                [&](const Structure & structure)
                {
                  return structure.values.size() == 1 &&
                         (structure.values[0] == settings.ignoreLabel ||
                          structure.values[0] == settings.unknownLabel);
                });
  for (const auto & region : settings.regions)
  {
    AddRegion(labels, region);
  }
  if (labels.structures.empty())
  {
    throw UsageError("nothing to score: no label but the background was found or declared");
  }
  return labels;
}

/** Voxels that are not scored become background on both sides. */
void
BlankUnscored(LabelImage * reference,
              LabelImage * prediction,
              std::int64_t ignoredInReference,
              std::int64_t unknownInPrediction)
{
  auto * a = reference->GetBufferPointer();
  auto * b = prediction->GetBufferPointer();
  const auto count = reference->GetLargestPossibleRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    if (a[i] == ignoredInReference || b[i] == unknownInPrediction)
    {
      a[i] = 0;
      b[i] = 0;
    }
  }
}

/** The prediction, or an empty map where there is none. */
LabelImage::Pointer
PredictionOf(const CaseFiles & one, const LabelImage * reference, const DeclaredLabels & labels)
{
  if (one.prediction.empty())
  {
    return NewImage<LabelImage>(GridOf(reference));
  }
  auto prediction = ReadCaseLabels(one, one.prediction, labels);
  RequireSameGrid(prediction.GetPointer(), reference, one.prediction, one.reference);
  return prediction;
}

void
AddCalibrationOfCase(const CaseFiles & one,
                     const std::string & path,
                     const DeclaredLabels & labels,
                     const EvaluateSettings & settings,
                     std::vector<CalibrationAccumulator> & sums)
{
  const auto reference = ReadCaseLabels(one, one.reference, labels);
  const auto loaded = ReadVector(path);
  RequireSameGrid(loaded.image.GetPointer(), reference.GetPointer(), path, one.reference);
  const std::size_t components = loaded.image->GetNumberOfComponentsPerPixel();
  const auto grid = GridOf(reference);
  auto values = labels.values; // in the order of the components
  if (labels.ignored)
  {
    std::erase(values, *labels.ignored);
  }
  if (components != values.size())
  {
    throw UsageError(Message(path,
                             ": ",
                             components,
                             " components, expected one for each of the ",
                             values.size(),
                             " declared labels with the background"));
  }
  for (std::size_t s = 0; s < labels.structures.size(); ++s)
  {
    auto probability = NewImage<FloatImage>(grid);
    for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
    {
      float sum = 0.0F;
      for (const auto value : labels.structures[s].values)
      {
        const auto component =
            std::lower_bound(values.begin(), values.end(), value) - values.begin();
        sum +=
            loaded.image->GetBufferPointer()[i * components + static_cast<std::size_t>(component)];
      }
      probability->GetBufferPointer()[i] = sum;
    }
    const auto region =
        RegionAround(reference, labels.structures[s].values, settings.calibrationMarginInMm);
    sums[s].Add(
        CalibrationOfStructure(probability, reference, labels.structures[s].values, region));
  }
}

void
AddConfidenceOfCase(const CaseFiles & one,
                    const std::string & path,
                    const DeclaredLabels & labels,
                    double marginInMm,
                    CalibrationAccumulator & sum)
{
  const auto reference = ReadCaseLabels(one, one.reference, labels);
  const auto prediction = PredictionOf(one, reference, labels);
  const auto confidence = ReadImage(path).image;
  RequireSameGrid(confidence.GetPointer(), reference.GetPointer(), path, one.reference);
  auto structures = labels.values;
  std::erase(structures, std::uint16_t{0});
  const auto region = RegionAround(reference, structures, marginInMm);
  sum.Add(CalibrationOfConfidence(confidence, prediction, reference, region));
}

/** The map of a case in a folder, or the one file. \throws UsageError if there is none */
std::string
MapOfCase(const std::string & files,
          const std::string & suffix,
          const std::string & id,
          const char * kind)
{
  const auto path = std::filesystem::is_directory(files) ? FindCaseFile(files, suffix, id) : files;
  if (path.empty())
  {
    throw UsageError(Message(files, ": no ", kind, " for case '", id, "'"));
  }
  return path;
}

/** Cases without a prediction have no confidence either; their scores say so. */
Calibration
CalibrateConfidence(const EvaluationJob & job, const EvaluateSettings & settings)
{
  CalibrationAccumulator sum;
  for (const auto & one : job.cases)
  {
    ThrowIfInterrupted();
    if (!one.prediction.empty())
    {
      const auto path =
          MapOfCase(settings.confidenceMaps, settings.confidenceSuffix, one.id, "confidence map");
      AddConfidenceOfCase(one, path, job.labels, settings.calibrationMarginInMm, sum);
    }
  }
  return sum.Result();
}

} // namespace

EvaluationJob
PlanEvaluation(const EvaluateSettings & settings)
{
  PairingOptions pairing{settings.referenceSuffix,
                         settings.predictionSuffix,
                         settings.cases,
                         settings.unpaired == "refuse"};
  if (!settings.splits.empty())
  {
    const auto cases = CasesOfSplit(settings.splits, settings.split);
    pairing.cases.insert(pairing.cases.end(), cases.begin(), cases.end());
  }
  EvaluationJob job;
  job.cases = PairCases(settings.reference, settings.prediction, pairing);
  job.baselineIsTable = settings.baseline.ends_with(".tsv");
  if (!settings.baseline.empty() && !job.baselineIsTable)
  {
    job.baselineCases = PairCases(settings.reference, settings.baseline, pairing);
  }
  if (!settings.subjects.empty())
  {
    SetSubjects(job.cases, settings.subjects);
    SetSubjects(job.baselineCases, settings.subjects);
  }
  if (!settings.image.empty())
  {
    SetImages(job.cases, settings.image);
    SetImages(job.baselineCases, settings.image);
  }
  RequireSameGrids(job.cases);
  RequireSameGrids(job.baselineCases);
  auto all = job.cases;
  all.insert(all.end(), job.baselineCases.begin(), job.baselineCases.end());
  job.labels = LabelsToScore(settings, all);
  return job;
}

EvaluatedCases
ScoreCases(const std::vector<CaseFiles> & cases,
           const DeclaredLabels & labels,
           const EvaluateSettings & settings)
{
  EvaluatedCases result;
  Progress progress("evaluate", static_cast<double>(cases.size()));
  for (const auto & one : cases)
  {
    ThrowIfInterrupted();
    const auto reference = ReadCaseLabels(one, one.reference, labels);
    const auto prediction = PredictionOf(one, reference, labels);
    const std::int64_t ignored = labels.ignored ? *labels.ignored : -1;
    if (ignored >= 0 || settings.unknownLabel >= 0)
    {
      BlankUnscored(reference, prediction, ignored, settings.unknownLabel);
    }
    const auto confusion = Confusion::Count(reference, prediction);
    RequireDeclared(confusion, labels, one.reference, one.prediction);
    result.confusion.Add(confusion);
    result.cases.push_back(
        {one.id,
         one.subject,
         ScoreStructures(reference, prediction, confusion, labels.structures, settings.scores)});
    progress.Update(static_cast<double>(result.cases.size()), one.id);
  }
  return result;
}

std::vector<std::pair<std::string, Calibration>>
CalibrateCases(const EvaluationJob & job, const EvaluateSettings & settings)
{
  std::vector<CalibrationAccumulator> sums(
      settings.probabilities.empty() ? 0 : job.labels.structures.size());
  for (const auto & one : job.cases)
  {
    ThrowIfInterrupted();
    if (!sums.empty())
    {
      const auto path =
          MapOfCase(settings.probabilities, settings.probabilitySuffix, one.id, "probabilities");
      AddCalibrationOfCase(one, path, job.labels, settings, sums);
    }
  }
  std::vector<std::pair<std::string, Calibration>> structures;
  for (std::size_t s = 0; s < sums.size(); ++s)
  {
    structures.emplace_back(job.labels.structures[s].name, sums[s].Result());
  }
  if (!settings.confidenceMaps.empty())
  {
    structures.emplace_back("chosen label", CalibrateConfidence(job, settings));
  }
  return structures;
}

} // namespace sulcus
