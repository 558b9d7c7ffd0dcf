#include "sulcusSegmentTargets.h"

#include "sulcusSegmentIntermediates.h"
#include <sulcusAtomicWrite.h>
#include <sulcusDicomRead.h>
#include <sulcusError.h>
#include <sulcusImageName.h>

#include <cctype>
#include <filesystem>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Whether a file of this name holds labels and nothing else. */
bool
HoldsOnlyLabels(const std::string & name)
{
  return name.ends_with(".dcm") || name.ends_with(".seg.nrrd");
}

bool
IsSingleFile(const std::string & output)
{
  return !ImageEnding(fs::path(output).filename().string()).empty() || output.ends_with(".dcm");
}

SegmentTarget
TargetOf(const SegmentCase & segmentCase, const SegmentSettings & settings)
{
  if (!IsSingleFile(settings.output))
  {
    const auto base = (fs::path(settings.output) / segmentCase.id).string();
    return {base + settings.format,
            base,
            HoldsOnlyLabels(settings.format) ? ".nii.gz" : settings.format};
  }
  const fs::path output = settings.output;
  const auto name = output.filename().string();
  const auto ending = HoldsOnlyLabels(name) ? ".nii.gz" : std::string(ImageEnding(name));
  return {settings.output, (output.parent_path() / StemOf(output)).string(), ending};
}

std::vector<std::string>
FilesOf(const SegmentTarget & target, const SegmentSettings & settings, const Plan & plan)
{
  std::vector<std::string> files{target.label};
  if (settings.confidence)
  {
    files.push_back(target.File("confidence"));
  }
  if (settings.uncertainty)
  {
    files.push_back(target.File("uncertainty"));
  }
  if (settings.intermediates)
  {
    const auto names =
        SegmentIntermediates::Files(target.base, target.ending, plan.channels.size());
    files.insert(files.end(), names.begin(), names.end());
  }
  for (std::size_t k = 0; settings.probabilities && k < plan.labels.size(); ++k)
  {
    files.push_back(target.File(ProbabilityFilePart(plan.labels[k].name)));
  }
  return files;
}

void
RequireFree(const std::string & file, const SegmentCase & segmentCase, bool overwrite)
{
  if (fs::exists(file) && !overwrite)
  {
    throw OutputError(Message(file, ": exists; use --overwrite to replace it"));
  }
  for (const auto & channel : segmentCase.channels)
  {
    if (fs::exists(file) && fs::equivalent(file, channel))
    {
      throw UsageError(Message(file, ": the output would replace the input"));
    }
  }
}

} // namespace

std::string
ProbabilityFilePart(const std::string & labelName)
{
  std::string part = labelName;
  for (char & c : part)
  {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.';
    c = plain ? c : '_';
  }
  return "probability_" + part;
}

std::vector<SegmentTarget>
SegmentTargets(const std::vector<SegmentCase> & cases,
               const SegmentSettings & settings,
               const Plan & plan,
               bool overwrite)
{
  if (IsSingleFile(settings.output) && cases.size() > 1)
  {
    throw UsageError(Message(
        "output '", settings.output, "' names one file, but there are ", cases.size(), " cases"));
  }
  std::vector<SegmentTarget> targets;
  for (const auto & segmentCase : cases)
  {
    targets.push_back(TargetOf(segmentCase, settings));
    const auto & label = targets.back().label;
    RequireWritableFormat(label);
    if (label.ends_with(".dcm") && !IsDicomPath(segmentCase.channels.front()))
    {
      throw UsageError(Message(label,
                               ": a DICOM SEG belongs to a DICOM series, and '",
                               segmentCase.channels.front(),
                               "' is none"));
    }
    for (const std::string & file : FilesOf(targets.back(), settings, plan))
    {
      RequireFree(file, segmentCase, overwrite);
    }
  }
  return targets;
}

void
RequireFreePage(const SegmentSettings & settings, bool overwrite)
{
  if (settings.html.empty())
  {
    return;
  }
  const fs::path page = fs::absolute(settings.html).lexically_normal();
  if (page.extension() != ".html")
  {
    throw UsageError(Message("html: '", settings.html, "' must end in .html"));
  }
  if (fs::exists(page) && !overwrite)
  {
    throw OutputError(Message(settings.html, ": exists; use --overwrite to replace it"));
  }
  const fs::path output = fs::absolute(fs::path(settings.output) / "").lexically_normal();
  const bool isMade = !IsSingleFile(settings.output) && page.parent_path() / "" == output;
  if (!fs::is_directory(page.parent_path()) && !isMade)
  {
    throw OutputError(Message(settings.html, ": its folder does not exist"));
  }
}

void
MakeOutputFolder(const SegmentSettings & settings)
{
  std::error_code problem;
  if (!IsSingleFile(settings.output))
  {
    fs::create_directories(settings.output, problem);
  }
  if (problem)
  {
    throw OutputError(Message(settings.output, ": the folder cannot be made: ", problem.message()));
  }
}

} // namespace sulcus
