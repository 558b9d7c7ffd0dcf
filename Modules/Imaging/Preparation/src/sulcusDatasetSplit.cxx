#include "sulcusDatasetSplit.h"

#include <sulcusError.h>
#include <sulcusJson.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace sulcus
{

namespace
{

/** A list of case ids; a missing key is an empty list unless it is required. */
std::vector<std::string>
ReadList(const nlohmann::json & json,
         const std::string & key,
         const std::string & origin,
         bool required)
{
  const auto found = json.find(key);
  if (found == json.end() && !required)
  {
    return {};
  }
  if (found == json.end() || !found->is_array() ||
      !std::all_of(found->begin(), found->end(), [](const auto & v) { return v.is_string(); }))
  {
    throw UsageError(Message(origin, ": needs '", key, "', a list of case ids"));
  }
  return found->get<std::vector<std::string>>();
}

/** The cases whose labels may be seen. */
std::set<std::string>
VisibleCases(const nlohmann::json & json,
             const std::string & origin,
             const SplitOptions & options,
             const std::vector<std::string> & pool)
{
  if (options.labelled == 0)
  {
    const auto all =
        json.contains("fully_labelled") ? ReadList(json, "fully_labelled", origin, true) : pool;
    return {all.begin(), all.end()};
  }
  const auto lists = json.find("labelled");
  if (lists == json.end() || !lists->is_object())
  {
    throw UsageError(Message(origin, ": needs 'labelled', one list of case ids a seed"));
  }
  const std::string seed = std::to_string(options.splitSeed);
  if (!lists->contains(seed))
  {
    throw UsageError(Message(origin, ": 'labelled' has no list for split seed ", seed));
  }
  const auto order = ReadList(*lists, seed, origin + ": labelled", true);
  if (options.labelled > static_cast<int>(order.size()))
  {
    throw UsageError(Message(origin,
                             ": the list of split seed ",
                             seed,
                             " has ",
                             order.size(),
                             " cases, fewer than the ",
                             options.labelled,
                             " wanted"));
  }
  return {order.begin(), order.begin() + options.labelled};
}

void
Withhold(CaseSource & source)
{
  source.withheld = source.IsLabelled() || !source.annotators.empty();
  source.label.clear();
  source.softLabel.clear();
  source.weight.clear();
  source.observed.clear();
  source.annotators.clear();
}

/** Training subjects by site, both in alphabetical order. */
std::map<std::string, std::vector<std::string>>
TrainingSubjectsBySite(const Dataset & dataset)
{
  std::map<std::string, std::vector<std::string>> bySite;
  std::set<std::string> seen;
  for (const auto & source : dataset.cases)
  {
    if (source.split == "train" && seen.insert(source.subject).second)
    {
      bySite[source.site].push_back(source.subject);
    }
  }
  return bySite;
}

} // namespace

std::vector<std::string>
ApplyFrozenSplit(const nlohmann::json & json,
                 const std::string & origin,
                 const SplitOptions & options,
                 Dataset & dataset)
{
  if (!json.is_object())
  {
    throw UsageError(Message(origin, ": not an object"));
  }
  const auto pool = ReadList(json, "pool", origin, true);
  const std::vector<std::pair<std::string, std::vector<std::string>>> lists{
      {"train", pool},
      {"validation", ReadList(json, "validation", origin, false)},
      {"test", ReadList(json, "test", origin, true)}};
  std::map<std::string, std::string> splitOf;
  for (const auto & [split, ids] : lists)
  {
    for (const auto & id : ids)
    {
      if (const auto [found, isNew] = splitOf.emplace(id, split); !isNew)
      {
        throw UsageError(Message(
            origin, ": case '", id, "' is listed twice (", found->second, " and ", split, ")"));
      }
    }
  }
  const auto visible = VisibleCases(json, origin, options, pool);
  for (const auto & id : visible)
  {
    if (!splitOf.contains(id) || splitOf.at(id) != "train")
    {
      throw UsageError(Message(origin, ": labelled case '", id, "' is not in the pool"));
    }
  }

  std::vector<CaseSource> kept;
  std::size_t leftOut = 0;
  for (auto & source : dataset.cases)
  {
    const auto found = splitOf.find(source.id);
    if (found == splitOf.end())
    {
      ++leftOut;
      continue;
    }
    source.split = found->second;
    splitOf.erase(found);
    if (source.split == "train" && !visible.contains(source.id))
    {
      Withhold(source);
    }
    else if (source.split == "train" && !source.IsLabelled() && source.annotators.empty())
    {
      throw InputError(
          Message(origin, ": labelled case '", source.id, "' has no label in ", dataset.origin));
    }
    kept.push_back(std::move(source));
  }
  std::size_t absentHeldOut = 0;
  for (const auto & [id, split] : splitOf)
  {
    if (split == "train")
    {
      throw InputError(
          Message(dataset.origin, ": case '", id, "' of the split's pool is not there"));
    }
    ++absentHeldOut;
  }
  dataset.cases = std::move(kept);
  dataset.expectsLabels = false;
  std::vector<std::string> warnings;
  if (leftOut > 0)
  {
    warnings.push_back(Message(leftOut, " cases are in no list of ", origin, " and were left out"));
  }
  if (absentHeldOut > 0)
  {
    warnings.push_back(Message(
        absentHeldOut, " test or validation cases of ", origin, " are not in the data set"));
  }
  return warnings;
}

void
KeepLabelsOfSome(int labelled, RandomEngine random, Dataset & dataset)
{
  std::vector<std::string> subjects;
  std::map<std::string, std::vector<CaseSource *>> bySubject;
  for (auto & source : dataset.cases)
  {
    if (source.split != "train" || (!source.IsLabelled() && source.annotators.empty()))
    {
      continue;
    }
    if (bySubject[source.subject].empty())
    {
      subjects.push_back(source.subject);
    }
    bySubject[source.subject].push_back(&source);
  }
  int kept = 0;
  for (const auto i : random.Permutation(subjects.size()))
  {
    for (auto * source : bySubject[subjects[i]])
    {
      if (kept < labelled)
      {
        ++kept;
      }
      else
      {
        Withhold(*source);
      }
    }
  }
  if (kept < labelled)
  {
    throw UsageError(Message(dataset.origin,
                             ": has ",
                             kept,
                             " labelled training cases, fewer than the ",
                             labelled,
                             " wanted"));
  }
  dataset.expectsLabels = false;
}

void
AssignFolds(int folds, RandomEngine random, Dataset & dataset)
{
  std::map<std::string, int> foldOf;
  int next = 0;
  for (const auto & [site, subjects] : TrainingSubjectsBySite(dataset))
  {
    for (const auto i : random.Fork(site).Permutation(subjects.size()))
    {
      foldOf[subjects[i]] = next++ % folds;
    }
  }
  if (next < folds)
  {
    throw UsageError(
        Message(folds, " folds need at least as many training subjects, there are ", next));
  }
  for (auto & source : dataset.cases)
  {
    if (source.split == "train")
    {
      source.fold = foldOf.at(source.subject);
    }
  }
}

void
CheckSubjects(const Dataset & dataset)
{
  std::map<std::string, const CaseSource *> first;
  for (const auto & source : dataset.cases)
  {
    const auto [found, isNew] = first.emplace(source.subject, &source);
    const auto & other = *found->second;
    if (!isNew && other.split != source.split)
    {
      throw UsageError(Message(dataset.origin,
                               ": subject '",
                               source.subject,
                               "' is in two splits: case '",
                               other.id,
                               "' in ",
                               other.split,
                               ", case '",
                               source.id,
                               "' in ",
                               source.split));
    }
    if (!isNew && other.fold != source.fold)
    {
      throw UsageError(Message(dataset.origin,
                               ": subject '",
                               source.subject,
                               "' is in folds ",
                               other.fold,
                               " and ",
                               source.fold));
    }
  }
}

std::vector<std::string>
ApplySplit(const SplitOptions & options, const RandomEngine & random, Dataset & dataset)
{
  std::vector<std::string> warnings;
  if (!options.splits.empty())
  {
    warnings = ApplyFrozenSplit(ReadJsonFile(options.splits), options.splits, options, dataset);
  }
  else if (options.labelled > 0)
  {
    KeepLabelsOfSome(options.labelled, random.Fork("labelled"), dataset);
  }
  if (options.folds > 0)
  {
    AssignFolds(options.folds, random.Fork("folds"), dataset);
  }
  CheckSubjects(dataset);
  if (!options.includeTest)
  {
    std::erase_if(dataset.cases, [](const auto & source) { return source.split == "test"; });
  }
  return warnings;
}

} // namespace sulcus
