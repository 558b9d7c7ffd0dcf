#include "sulcusDataSetDoctor.h"
#include "sulcusLabelLayout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus
{

namespace
{

constexpr double DuplicateCorrelation = 0.9995;
constexpr double SpacingFactor = 1.5;
constexpr double CommonShare = 0.8; ///< what this share of cases does is the rule

std::vector<const CaseSummary *>
Readable(const std::vector<CaseSummary> & summaries)
{
  std::vector<const CaseSummary *> result;
  for (const auto & summary : summaries)
  {
    if (summary.readable)
    {
      result.push_back(&summary);
    }
  }
  return result;
}

void
CompareSpacing(const std::vector<const CaseSummary *> & cases, std::vector<Finding> & findings)
{
  static constexpr const char * axes[] = {"left-right", "back-front", "foot-head"};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    std::vector<double> logs;
    for (const auto * one : cases)
    {
      logs.push_back(std::log(one->spacing[axis]));
    }
    const double median = MedianOf(logs);
    std::vector<double> deviations;
    for (const double value : logs)
    {
      deviations.push_back(std::abs(value - median));
    }
    const double limit = std::max(std::log(SpacingFactor), 6.0 * MedianOf(deviations));
    for (const auto * one : cases)
    {
      if (std::abs(std::log(one->spacing[axis]) - median) > limit)
      {
        findings.push_back({Severity::Fault,
                            "spacing",
                            one->name,
                            Message(axes[axis],
                                    " spacing is ",
                                    one->spacing[axis],
                                    " mm, ",
                                    std::exp(median),
                                    " mm are usual"),
                            "check the scan's own header; a lost spacing can be given in the "
                            "spacing column of the manifest"});
      }
    }
  }
}

void
CompareOrientation(const std::vector<const CaseSummary *> & cases, std::vector<Finding> & findings)
{
  std::map<std::string, std::size_t> counts;
  for (const auto * one : cases)
  {
    ++counts[one->orientation];
  }
  const auto common =
      std::max_element(counts.begin(),
                       counts.end(),
                       [](const auto & a, const auto & b) { return a.second < b.second; });
  if (static_cast<double>(common->second) < CommonShare * static_cast<double>(cases.size()))
  {
    findings.push_back({Severity::Note,
                        "orientation",
                        "all",
                        Message("axes are stored in ", counts.size(), " different orders"),
                        "nothing: every step reads the order from the header"});
    return;
  }
  for (const auto * one : cases)
  {
    if (one->orientation != common->first)
    {
      findings.push_back(
          {Severity::Fault,
           "orientation",
           one->name,
           "stored as " + one->orientation + " where the others are " + common->first,
           "check left and right by eye; then sulcus-preprocess IMAGE FIXED --orientation " +
               common->first});
    }
  }
}

void
CompareImages(const std::vector<const CaseSummary *> & cases, std::vector<Finding> & findings)
{
  for (std::size_t i = 0; i < cases.size(); ++i)
  {
    for (std::size_t j = i + 1; j < cases.size(); ++j)
    {
      const double correlation = std::inner_product(
          cases[i]->thumbnail.begin(), cases[i]->thumbnail.end(), cases[j]->thumbnail.begin(), 0.0);
      if (correlation > DuplicateCorrelation)
      {
        findings.push_back({Severity::Fault,
                            "duplicate image",
                            cases[j]->name,
                            Message("is nearly the same image as ",
                                    cases[i]->name,
                                    " (correlation ",
                                    correlation,
                                    ")"),
                            "remove one of the two, or keep both in one split"});
      }
    }
  }
}

/** A gap of more than a factor of ten between sorted 99th percentiles starts a new group. */
void
CompareIntensities(std::vector<const CaseSummary *> cases, std::vector<Finding> & findings)
{
  std::erase_if(cases, [](const auto * one) { return !(one->high > 0.0); });
  std::sort(
      cases.begin(), cases.end(), [](const auto * a, const auto * b) { return a->high < b->high; });
  std::string groups;
  std::size_t start = 0;
  std::size_t count = 0;
  for (std::size_t i = 1; i <= cases.size(); ++i)
  {
    if (i == cases.size() || cases[i]->high > 10.0 * cases[i - 1]->high)
    {
      groups += Message(groups.empty() ? "" : "; ",
                        i - start,
                        " cases around ",
                        cases[start + (i - start) / 2]->high);
      start = i;
      ++count;
    }
  }
  if (count > 1)
  {
    findings.push_back({Severity::Note,
                        "intensity scale",
                        "all",
                        Message(count, " groups of intensity scales: ", groups),
                        "normalise every volume by itself (the default plan does)"});
  }
}

void
CompareLabelValues(const DataSet & set,
                   const std::vector<const CaseSummary *> & cases,
                   std::vector<Finding> & findings)
{
  std::map<int, std::size_t> users;
  std::size_t labelled = 0;
  for (const auto * one : cases)
  {
    labelled += one->labelVoxels.empty() ? 0 : 1;
    for (const auto & [value, voxels] : one->labelVoxels)
    {
      ++users[value];
    }
  }
  for (const auto * one : cases)
  {
    for (const auto & [value, voxels] : one->labelVoxels)
    {
      const bool undeclared =
          set.declaredLabels && !std::binary_search(set.declaredLabels->values.begin(),
                                                    set.declaredLabels->values.end(),
                                                    value);
      const bool rare =
          !set.declaredLabels && labelled >= 10 &&
          static_cast<double>(users[value]) <= 0.02 * static_cast<double>(labelled) + 1.0 &&
          users[value] <= 2;
      if (undeclared || rare)
      {
        findings.push_back({Severity::Fault,
                            "label value",
                            one->name,
                            Message("value ",
                                    value,
                                    undeclared ? " is not declared in dataset.json"
                                               : " occurs in hardly any other case"),
                            "correct the value, or declare it in dataset.json"});
      }
    }
  }
}

} // namespace

void
CompareCases(const DataSet & set,
             const std::vector<CaseSummary> & summaries,
             std::vector<Finding> & findings)
{
  const auto cases = Readable(summaries);
  if (cases.size() < 3)
  {
    return;
  }
  CompareSpacing(cases, findings);
  CompareOrientation(cases, findings);
  CompareLayout(cases, findings);
  CompareImages(cases, findings);
  CompareIntensities(cases, findings);
  CompareLabelValues(set, cases, findings);
}

} // namespace sulcus
