#include "sulcusPreparation.h"

#include "sulcusCaseVolumes.h"
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusProgress.h>
#include <sulcusTable.h>
#include <sulcusThreads.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace sulcus
{

namespace
{

/** A training image of a folder should have its label. */
void
CheckPairs(const Dataset & dataset, const PreparationOptions & options)
{
  for (const auto & source : dataset.cases)
  {
    if (dataset.expectsLabels && source.split == "train" && !source.IsLabelled() &&
        !options.allowUnlabelled && !options.pretraining)
    {
      throw InputError(Message(source.images.front(),
                               ": an image without a label (case '",
                               source.id,
                               "'); --allow_unlabelled accepts it"));
    }
  }
}

/** A manifest need not name its labels: then the values found in its label files count. */
void
DeriveLabels(Dataset & dataset, std::vector<std::string> & warnings)
{
  std::set<std::int64_t> values{0};
  for (const auto & source : dataset.cases)
  {
    if (source.IsLabelled() || !source.annotators.empty())
    {
      const auto found = LabelValuesIn(source, dataset);
      values.insert(found.begin(), found.end());
    }
  }
  if (values.size() > 256)
  {
    throw InputError(Message(dataset.origin,
                             ": the labels hold ",
                             values.size(),
                             " different values, at most 256 are possible"));
  }
  std::string text;
  for (const auto value : values)
  {
    dataset.labels.push_back({value, value == 0 ? "background" : Message("label", value)});
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  }
  if (values.size() == 1)
  {
    dataset.labels.push_back({1, "label1"});
    text += ", 1";
  }
  warnings.push_back(Message(dataset.origin,
                             ": labels were not declared; taken from the files: ",
                             text,
                             " (name them with --labels)"));
}

struct Problem
{
  std::string text;
  ExitCode code = ExitCode::DamagedInput;
};

/** Reads and measures every case; the first problem in the order of cases is thrown. */
void
MeasureAll(const PreparationOptions & options, CheckedDataset & checked)
{
  const auto & cases = checked.dataset.cases;
  const auto reading = ReadingOptions(options);
  checked.fingerprint.resize(cases.size());
  std::vector<std::optional<Problem>> problems(cases.size());
  std::vector<std::vector<std::string>> warnings(cases.size());
  Progress progress("Checking", static_cast<double>(cases.size()));
  std::mutex progressMutex;
  double done = 0.0;
  const auto measure = [&](std::size_t i)
  {
    ThrowIfInterrupted();
    try
    {
      const auto volumes = ReadCase(cases[i], checked.dataset, reading);
      checked.fingerprint[i] = MeasureCase(cases[i], volumes, "LPS");
      warnings[i] = volumes.warnings;
    }
    catch (const Error & error)
    {
      if (error.Code() == ExitCode::Interrupted || error.Code() == ExitCode::Resources)
      {
        throw;
      }
      problems[i] = Problem{error.what(), error.Code()};
    }
    const std::lock_guard<std::mutex> guard(progressMutex);
    progress.Update(++done, cases[i].id);
  };
  // ITK's first use must be on one thread.
  measure(0);
  ParallelForEach(cases.size() - 1, [&](std::size_t i) { measure(i + 1); });

  const auto bad = static_cast<std::size_t>(std::count_if(
      problems.begin(), problems.end(), [](const auto & p) { return p.has_value(); }));
  for (const auto & problem : problems)
  {
    if (problem)
    {
      throw Error(problem->code,
                  bad == 1 ? problem->text
                           : Message(problem->text, " (and problems in ", bad - 1, " more cases)"));
    }
  }
  for (const auto & lines : warnings)
  {
    checked.warnings.insert(checked.warnings.end(), lines.begin(), lines.end());
  }
}

void
WarnAboutSpacing(CheckedDataset & checked)
{
  std::map<std::array<double, 3>, std::size_t> replaced;
  for (const auto & source : checked.dataset.cases)
  {
    if (source.spacingInMm)
    {
      ++replaced[*source.spacingInMm];
    }
  }
  for (const auto & [spacing, count] : replaced)
  {
    checked.warnings.push_back(Message("the spacing in the files of ",
                                       count,
                                       " cases is replaced by ",
                                       spacing[0],
                                       " x ",
                                       spacing[1],
                                       " x ",
                                       spacing[2],
                                       " mm, as asked"));
  }
}

/** An edited plan must still describe this data set. */
void
RequirePlanFits(const Plan & plan, const Dataset & dataset, const std::string & path)
{
  if (plan.channels.size() != dataset.channels.size())
  {
    throw UsageError(Message(path,
                             ": plan for ",
                             plan.channels.size(),
                             " channels, the data set has ",
                             dataset.channels.size()));
  }
  for (const auto & label : dataset.labels)
  {
    if (std::none_of(plan.labels.begin(),
                     plan.labels.end(),
                     [&](const auto & known) { return known.value == label.value; }))
    {
      throw UsageError(Message(path,
                               ": plan without label value ",
                               label.value,
                               " (",
                               label.name,
                               "), which the data set declares"));
    }
  }
}

} // namespace

CaseReadOptions
ReadingOptions(const PreparationOptions & options)
{
  CaseReadOptions reading = options.reading;
  reading.emptyLabel = options.emptyLabel == "warning" ? EmptyLabel::Warn : EmptyLabel::Refuse;
  reading.annotators = options.annotators == "majority" ? AnnotatorRule::Majority
                       : options.annotators == "soft"   ? AnnotatorRule::Soft
                                                        : AnnotatorRule::Ignore;
  return reading;
}

void
Describe(Parameters & visit, PreparationOptions & o)
{
  visit.Group("Data set");
  visit("image_pattern",
        o.dataset.imagePatterns,
        "For a plain folder: file names of the images, one pattern a channel, e.g. "
        "images/{case}_t1.nii.gz.");
  visit("label_pattern", o.dataset.labelPattern, "For a plain folder: file names of the labels.");
  visit("subject_pattern",
        o.dataset.subjectPattern,
        "Regular expression whose first group, found in the case id, names the subject.");
  visit("labels", o.dataset.labels, "Names and values of the labels, e.g. liver=1,tumour=2.");
  visit("channels", o.dataset.channels, "Names of the channels.");
  visit("spacing",
        o.dataset.spacingInMm,
        "Voxel spacing in mm (x,y,z of the files) that replaces a lost one in every case.")
      .Range(0.01, 50.0);
  visit("unknown_label",
        o.dataset.unknownLabel,
        "Value in label files that means 'not known', e.g. of scribbles; negative: none.");
  visit("empty_label", o.emptyLabel, "What a label without any structure is.")
      .Choices({"error", "warning"});
  visit("zero_non_finite",
        o.reading.zeroNonFinite,
        "Replace NaN and infinite voxels by 0 with a warning instead of refusing them.");
  visit("annotators",
        o.annotators,
        "Cases with annotators but no label: ignore, or fuse by majority or as soft label "
        "(sulcus-consensus does better).")
      .Choices({"ignore", "majority", "soft"});
  visit(
      "allow_unlabelled", o.allowUnlabelled, "Accept training images without a label in a folder.");
  visit("pretraining", o.pretraining, "Accept a data set without any label.");
  visit.Group("Split");
  visit("splits",
        o.split.splits,
        "Frozen split: JSON with test, validation, pool and labelled lists.")
      .Kind(ParameterKind::InputFile);
  visit("labelled", o.split.labelled, "Training cases that keep their label; 0: all.").Range(0);
  visit("split_seed", o.split.splitSeed, "Which labelled list of the frozen split.").Range(0);
  visit("folds", o.split.folds, "Deal the training subjects into this many folds; 0: none.")
      .Range(0, 1000);
  visit("include_test", o.split.includeTest, "Put test cases into the cache too, marked as such.");
  Describe(visit, o.plan);
  visit("plan", o.planFile, "An edited plan (JSON) that is used instead of a derived one.")
      .Kind(ParameterKind::InputFile);
}

std::size_t
CheckedDataset::LabelledCount(const std::string & split) const
{
  return static_cast<std::size_t>(
      std::count_if(fingerprint.begin(),
                    fingerprint.end(),
                    [&](const auto & print) { return print.split == split && print.labelled; }));
}

CheckedDataset
CheckDataset(const PreparationOptions & options)
{
  CheckedDataset checked;
  checked.dataset = ReadDataset(options.dataset);
  std::optional<Plan> edited;
  if (!options.planFile.empty())
  {
    edited = ReadPlan(options.planFile);
    if (checked.dataset.labels.empty())
    {
      checked.dataset.labels = edited->labels;
    }
  }
  checked.warnings = ApplySplit(options.split, RandomEngine(options.seed), checked.dataset);
  CheckPairs(checked.dataset, options);
  if (checked.dataset.cases.empty())
  {
    throw UsageError(Message(options.dataset.path, ": no case is left after the split"));
  }
  if (checked.dataset.labels.empty())
  {
    DeriveLabels(checked.dataset, checked.warnings);
  }
  if (edited)
  {
    RequirePlanFits(*edited, checked.dataset, options.planFile);
    checked.dataset.labels = edited->labels;
  }
  MeasureAll(options, checked);
  WarnAboutSpacing(checked);
  if (checked.LabelledCount("train") == 0 && !options.pretraining)
  {
    throw UsageError(Message(options.dataset.path,
                             ": 0 labelled training cases; only --pretraining does without"));
  }
  checked.plan = edited ? *edited : DerivePlan(checked.dataset, checked.fingerprint, options.plan);
  return checked;
}

std::string
CaseTable(const CheckedDataset & checked)
{
  Table table({"case", "subject", "site", "split", "fold", "labelled", "size", "spacing_mm"});
  for (std::size_t i = 0; i < checked.dataset.cases.size(); ++i)
  {
    const auto & source = checked.dataset.cases[i];
    const auto & print = checked.fingerprint[i];
    table.AddRow(
        {source.id,
         source.subject,
         source.site.empty() ? Cell() : Cell(source.site),
         source.split,
         source.fold < 0 ? Cell() : Cell(std::int64_t{source.fold}),
         std::string(print.labelled ? "yes" : "no"),
         Message(print.size[0], "x", print.size[1], "x", print.size[2]),
         Message(print.spacingInMm[0], " x ", print.spacingInMm[1], " x ", print.spacingInMm[2])});
  }
  return ToTsv(table);
}

} // namespace sulcus
