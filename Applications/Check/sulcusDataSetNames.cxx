#include "sulcusDataSetDoctor.h"
#include <sulcusError.h>

#include <algorithm>
#include <set>

namespace sulcus
{

namespace
{

constexpr double NearlyAll = 0.8;

bool
IsTest(const DataSetCase & one)
{
  return std::find(one.splits.begin(), one.splits.end(), "test") != one.splits.end();
}

} // namespace

void
CheckNames(const DataSet & set, std::vector<Finding> & findings)
{
  for (const auto & path : set.strayLabels)
  {
    findings.push_back({Severity::Fault,
                        "unpaired",
                        path,
                        "a label without an image",
                        "add the image, or remove the label"});
  }
  for (const auto & path : set.oddFiles)
  {
    findings.push_back({Severity::Note,
                        "odd file",
                        path,
                        "is no image file, or the second of one name",
                        "move it away; folders of DICOM series are named in a manifest.tsv"});
  }
  if (!set.descriptionProblem.empty())
  {
    findings.push_back({Severity::Fault,
                        "description",
                        "all",
                        set.descriptionProblem,
                        "write \"labels\": {\"name\": value, …} into dataset.json"});
  }
  std::map<std::string, std::size_t> names;
  std::map<std::string, std::set<std::string>> splitsOfSubject;
  std::map<std::string, std::size_t> annotated;
  std::size_t labelled = 0;
  for (const auto & one : set.cases)
  {
    labelled += one.label.empty() ? 0 : 1;
    if (++names[one.name] == 2)
    {
      findings.push_back({Severity::Fault,
                          "duplicate case",
                          one.name,
                          "the name appears twice",
                          "give every case a name of its own"});
    }
    if (one.images.empty())
    {
      findings.push_back(
          {Severity::Fault, "unpaired", one.name, "no image", "add the image, or remove the case"});
    }
    splitsOfSubject[one.subject].insert(one.splits.begin(), one.splits.end());
    for (const auto & [annotator, path] : one.annotations)
    {
      ++annotated[annotator];
    }
  }
  const auto expected =
      std::count_if(set.cases.begin(),
                    set.cases.end(),
                    [](const auto & one) { return !IsTest(one) || !one.label.empty(); });
  for (const auto & one : set.cases)
  {
    // Few labels are the normal case here; a set that is nearly complete has lost one. Nobody hands
    // over the labels of a test set.
    if (one.label.empty() && !IsTest(one) && !set.isListed &&
        static_cast<double>(labelled) >= NearlyAll * static_cast<double>(expected))
    {
      findings.push_back({Severity::Fault,
                          "unpaired",
                          one.name,
                          "an image without a label where nearly all have one",
                          "add the label"});
    }
  }
  for (const auto & [subject, splits] : splitsOfSubject)
  {
    if (splits.size() > 1)
    {
      std::string list;
      for (const auto & split : splits)
      {
        list += (list.empty() ? "" : ", ") + split;
      }
      findings.push_back({Severity::Fault,
                          "split",
                          subject,
                          "is in several splits: " + list,
                          "make the split again by subject: sulcus-prepare"});
    }
  }
  for (const auto & [annotator, count] : annotated)
  {
    findings.push_back({Severity::Note,
                        "annotators",
                        annotator,
                        Message("drew ", count, " of ", set.cases.size(), " cases"),
                        "sulcus-consensus takes missing annotations into account"});
  }
}

} // namespace sulcus
