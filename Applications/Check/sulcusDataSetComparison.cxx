#include "sulcusDataSetDoctor.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace sulcus
{

namespace
{

constexpr double DuplicateCorrelation = 0.9995;
constexpr double SpacingFactor = 1.5;
constexpr double FarDeviations = 4.0; ///< standard deviations that no case strays by chance
constexpr double CommonShare = 0.8;   ///< what this share of cases does is the rule

double
MedianOf(std::vector<double> values)
{
  std::nth_element(values.begin(),
                   values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

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

/** Standard deviation of the values that have the sign of the median. */
double
DeviationOnSide(const std::vector<double> & values, double median)
{
  double count = 0.0;
  double sum = 0.0;
  double squares = 0.0;
  for (const double value : values)
  {
    const double used = value * median > 0.0 ? 1.0 : 0.0;
    count += used;
    sum += used * (value - median);
    squares += used * (value - median) * (value - median);
  }
  return count > 0.0 ? std::sqrt(std::max(0.0, squares / count - sum * sum / (count * count)))
                     : 0.0;
}

/** Vectors between the centroids of two labels point the same way in every case, unless sides or
 * values were swapped. Axes on which the cases themselves disagree (left and right organs in one
 * set) say nothing and are left out, and so are structures that may lie anywhere, such as lesions:
 * a step counts as turned only where it is far outside of what the other cases show. */
void
CompareLayout(const std::vector<const CaseSummary *> & cases, std::vector<Finding> & findings)
{
  static constexpr const char * axes[] = {"left-right", "back-front", "foot-head"};
  std::set<std::pair<int, int>> pairs;
  for (const auto * one : cases)
  {
    for (const auto & [a, unused] : one->centroids)
    {
      for (const auto & [b, alsoUnused] : one->centroids)
      {
        if (a < b)
        {
          pairs.insert({a, b});
        }
      }
    }
  }
  std::set<std::string> reported;
  for (const auto & [a, b] : pairs)
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      std::vector<std::pair<double, std::string>> steps;
      for (const auto * one : cases)
      {
        if (one->centroids.contains(a) && one->centroids.contains(b))
        {
          steps.emplace_back(one->centroids.at(b)[axis] - one->centroids.at(a)[axis], one->name);
        }
      }
      std::vector<double> values;
      for (const auto & step : steps)
      {
        values.push_back(step.first);
      }
      if (values.size() < 5)
      {
        continue;
      }
      const double median = MedianOf(values);
      const double limit = FarDeviations * DeviationOnSide(values, median);
      const auto against =
          std::count_if(values.begin(), values.end(), [&](double v) { return v * median < 0.0; });
      if (std::abs(median) < 3.0 ||
          static_cast<double>(against) > 0.1 * static_cast<double>(values.size()))
      {
        continue;
      }
      for (const auto & [step, name] : steps)
      {
        if (step * median < 0.0 && std::abs(step) > 0.25 * std::abs(median) &&
            std::abs(step - median) > limit && reported.insert(name).second)
        {
          findings.push_back({Severity::Fault,
                              "label layout",
                              name,
                              Message("label ",
                                      b,
                                      " lies ",
                                      step,
                                      " mm ",
                                      axes[axis],
                                      " of label ",
                                      a,
                                      " where ",
                                      median,
                                      " mm are usual: sides or values are swapped"),
                              "look at the case; swap the values or correct the header, not both"});
        }
      }
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
