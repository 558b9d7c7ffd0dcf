#include "sulcusCohortDesign.h"

#include <fmt/format.h>

#include <algorithm>

namespace sulcus
{

namespace
{

void
Check(const PhantomCohortOptions & options)
{
  const int held = options.testCases + options.validationCases;
  if (options.cases < 1 || held >= options.cases)
  {
    throw UsageError(Message("phantom cohort: ",
                             options.cases,
                             " cases leave none for training after ",
                             options.testCases,
                             " test and ",
                             options.validationCases,
                             " validation cases"));
  }
  if (options.labelledCases < 0 || options.labelledCases > options.cases - held)
  {
    throw UsageError(Message("phantom cohort: labelled_cases=",
                             options.labelledCases,
                             ", need 0 to ",
                             options.cases - held,
                             " (the training cases)"));
  }
  if (options.scansPerSubject > 1 && (options.testCases % options.scansPerSubject != 0 ||
                                      options.validationCases % options.scansPerSubject != 0 ||
                                      options.cases % options.scansPerSubject != 0))
  {
    throw UsageError(Message("phantom cohort: cases, test_cases and validation_cases must be "
                             "multiples of scans_per_subject=",
                             options.scansPerSubject,
                             ", so that no subject is on both sides"));
  }
  if (options.sites < 1 || options.scansPerSubject < 1 || options.annotators < 0)
  {
    throw UsageError("phantom cohort: needs at least one site and one scan a subject");
  }
}

std::vector<std::string>
IdsOf(const std::vector<DesignedCase> & design, const std::string & split)
{
  std::vector<std::string> ids;
  for (const auto & entry : design)
  {
    if (entry.split == split)
    {
      ids.push_back(entry.id);
    }
  }
  return ids;
}

} // namespace

std::vector<DesignedCase>
DesignCohort(const PhantomCohortOptions & options)
{
  Check(options);
  std::vector<DesignedCase> design;
  for (int i = 0; i < options.cases; ++i)
  {
    DesignedCase entry;
    entry.id = fmt::format("phantom_{:03d}", i + 1);
    entry.subjectNumber = i / options.scansPerSubject;
    entry.subject = fmt::format("person_{:03d}", entry.subjectNumber + 1);
    // With several scans a subject each is at another site.
    entry.siteNumber = (entry.subjectNumber + i % options.scansPerSubject) % options.sites;
    entry.site = MakeSite(entry.siteNumber, RandomEngine(options.seed).Fork("sites")).name;
    const int fromEnd = options.cases - i;
    entry.split = fromEnd <= options.testCases                             ? "test"
                  : fromEnd <= options.testCases + options.validationCases ? "validation"
                                                                           : "train";
    design.push_back(entry);
  }
  return design;
}

std::vector<std::string>
LabelledOrder(const PhantomCohortOptions & options,
              const std::vector<DesignedCase> & design,
              int splitSeed)
{
  const auto pool = IdsOf(design, "train");
  RandomEngine random =
      RandomEngine(options.seed).Fork("labelled").Fork(static_cast<std::uint64_t>(splitSeed));
  std::vector<std::string> order;
  for (const auto i : random.Permutation(pool.size()))
  {
    order.push_back(pool[i]);
  }
  return order;
}

nlohmann::ordered_json
SplitsJson(const PhantomCohortOptions & options, const std::vector<DesignedCase> & design)
{
  nlohmann::ordered_json splits;
  splits["dataset"] = "Sulcus phantom cohort";
  splits["rule"] =
      "split by subject; labelled sets are nested; every other pool case is unlabelled";
  splits["test"] = IdsOf(design, "test");
  splits["validation"] = IdsOf(design, "validation");
  splits["pool"] = IdsOf(design, "train");
  for (int seed = 0; seed < 3; ++seed)
  {
    splits["labelled"][std::to_string(seed)] = LabelledOrder(options, design, seed);
  }
  splits["sizes"] = {options.labelledCases};
  return splits;
}

nlohmann::ordered_json
DatasetJson(const PhantomCohortOptions & options, const std::vector<DesignedCase> & design)
{
  nlohmann::ordered_json json;
  json["name"] = "Sulcus phantom cohort";
  json["description"] =
      "Synthetic heads with truth, made by sulcus-phantom. Annotator files mark voxels that were "
      "not annotated with 255.";
  for (int channel = 0; channel < options.scan.channels; ++channel)
  {
    json["channel_names"][std::to_string(channel)] = ChannelName(channel);
  }
  json["labels"] = {{"background", 0},
                    {"hippocampus_head", 1},
                    {"hippocampus_tail", 2},
                    {"ventricle", 3},
                    {"lesion", 4}};
  json["numTraining"] = design.size() - IdsOf(design, "test").size();
  json["file_ending"] = ".nii.gz";
  json["annotator_unknown_label"] = NotAnnotated;
  json["seed"] = options.seed;
  return json;
}

std::string
ImagePath(const DesignedCase & entry, int channel)
{
  return fmt::format(
      "images{}/{}_{:04d}.nii.gz", entry.split == "test" ? "Ts" : "Tr", entry.id, channel);
}

std::string
LabelPath(const DesignedCase & entry)
{
  return fmt::format("labels{}/{}.nii.gz", entry.split == "test" ? "Ts" : "Tr", entry.id);
}

std::string
AnnotatorPath(const DesignedCase & entry, const std::string & annotator)
{
  return fmt::format("annotators/{}_{}.nii.gz", entry.id, annotator);
}

std::string
ManifestText(const PhantomCohortOptions & options, const std::vector<DesignedCase> & design)
{
  std::string text = "case\tsubject\tsite\tsplit";
  for (int channel = 0; channel < options.scan.channels; ++channel)
  {
    text += "\timage_" + ChannelName(channel);
  }
  text += "\tlabel";
  std::vector<std::string> annotators;
  for (int number = 0; number < options.annotators; ++number)
  {
    annotators.push_back(MakeAnnotator(number, RandomEngine(options.seed).Fork("annotators")).name);
    text += "\tannotator_" + annotators.back();
  }
  text += '\n';
  auto labelled = LabelledOrder(options, design, 0);
  labelled.resize(static_cast<std::size_t>(options.labelledCases));
  for (const auto & entry : design)
  {
    text += entry.id + '\t' + entry.subject + '\t' + entry.site + '\t' + entry.split;
    for (int channel = 0; channel < options.scan.channels; ++channel)
    {
      text += '\t' + ImagePath(entry, channel);
    }
    const bool named = entry.split != "train" ||
                       std::find(labelled.begin(), labelled.end(), entry.id) != labelled.end();
    text += '\t' + (named ? LabelPath(entry) : std::string());
    for (const auto & annotator : annotators)
    {
      text += '\t' + AnnotatorPath(entry, annotator);
    }
    text += '\n';
  }
  return text;
}

} // namespace sulcus
