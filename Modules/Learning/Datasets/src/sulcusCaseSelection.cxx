#include "sulcusCaseSelection.h"

#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusRandomEngine.h>

#include <algorithm>
#include <map>
#include <set>

namespace sulcus
{
namespace
{

const std::string &
SubjectOf(const PreparedCase & entry)
{
  return entry.subject.empty() ? entry.id : entry.subject;
}

bool
Trains(const PreparedCase & entry, std::int64_t fold)
{
  if (fold >= 0)
  {
    return entry.split != "test" && entry.fold != fold;
  }
  return entry.split == "train" || entry.split.empty();
}

bool
Validates(const PreparedCase & entry, std::int64_t fold)
{
  return fold >= 0 ? entry.split != "test" && entry.fold == fold : entry.split == "validation";
}

/** The ids asked for, each checked. */
std::set<std::string>
NamedIds(const PreparedCache & cache, const SelectionOptions & options)
{
  std::vector<std::string> known;
  for (const auto & entry : cache.Cases())
  {
    known.push_back(entry.id);
  }
  std::set<std::string> ids;
  for (const auto & id : options.labelledIds)
  {
    const auto found = std::find(known.begin(), known.end(), id);
    if (found == known.end())
    {
      throw UsageError(
          Message("labelled case '", id, "' is not in the cache; ", SuggestName(id, known)));
    }
    const auto & entry = cache.Cases()[static_cast<std::size_t>(found - known.begin())];
    if (!entry.IsLabelled() || !Trains(entry, options.fold))
    {
      throw UsageError(Message("labelled case '",
                               id,
                               "' ",
                               entry.IsLabelled() ? "is not a training case" : "has no label"));
    }
    ids.insert(id);
  }
  return ids;
}

/** Ids of all labelled cases of the first `count` subjects in an order that depends on the seed and
 * each subject's name alone, so that smaller counts are nested in larger ones and new subjects do
 * not reshuffle the others. */
std::set<std::string>
DrawnIds(const std::vector<const PreparedCase *> & labelled, const SelectionOptions & options)
{
  std::map<std::string, std::vector<std::string>> idsOfSubject;
  for (const auto * entry : labelled)
  {
    idsOfSubject[SubjectOf(*entry)].push_back(entry->id);
  }
  const auto count = static_cast<std::size_t>(options.labelledCount);
  if (count > idsOfSubject.size())
  {
    throw UsageError(Message("labelled_count is ",
                             count,
                             ", the cache has ",
                             idsOfSubject.size(),
                             " labelled training subjects"));
  }
  const RandomEngine random(options.labelledSeed);
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto & [subject, ids] : idsOfSubject)
  {
    order.emplace_back(random.Fork(subject).NextWord(), subject);
  }
  std::sort(order.begin(), order.end());
  std::set<std::string> chosen;
  for (std::size_t i = 0; i < count; ++i)
  {
    const auto & ids = idsOfSubject[order[i].second];
    chosen.insert(ids.begin(), ids.end());
  }
  return chosen;
}

} // namespace

void
Describe(Parameters & visit, SelectionOptions & o)
{
  visit("labelled", o.labelledIds, "Only these cases keep their labels; all others train without.");
  visit("labelled_count",
        o.labelledCount,
        "Keep the labels of that many subjects, drawn at random; -1 keeps all.")
      .Range(-1);
  visit("labelled_seed",
        o.labelledSeed,
        "Seed of that draw; smaller counts are nested in larger ones.")
      .Advanced();
  visit("fold", o.fold, "Part of the k-fold split that validates; -1: as the split says.")
      .Range(-1);
  visit("use_unlabelled", o.useUnlabelled, "Use training cases without a label.").Advanced();
}

CaseSelection
SelectCases(const PreparedCache & cache, const SelectionOptions & options)
{
  if (!options.labelledIds.empty() && options.labelledCount >= 0)
  {
    throw UsageError("labelled and labelled_count cannot be given together");
  }
  const auto & cases = cache.Cases();
  std::vector<const PreparedCase *> candidates;
  for (const auto & entry : cases)
  {
    if (entry.IsLabelled() && Trains(entry, options.fold))
    {
      candidates.push_back(&entry);
    }
  }
  std::set<std::string> keep = NamedIds(cache, options);
  if (options.labelledCount >= 0)
  {
    keep = DrawnIds(candidates, options);
  }
  const bool keepAll = options.labelledIds.empty() && options.labelledCount < 0;
  CaseSelection selection;
  for (std::size_t i = 0; i < cases.size(); ++i)
  {
    const auto & entry = cases[i];
    if (Validates(entry, options.fold))
    {
      if (entry.IsLabelled())
      {
        selection.validation.push_back(i);
      }
    }
    else if (Trains(entry, options.fold))
    {
      if (entry.IsLabelled() && (keepAll || keep.contains(entry.id)))
      {
        selection.labelled.push_back(i);
      }
      else if (options.useUnlabelled)
      {
        selection.unlabelled.push_back(i);
      }
    }
  }
  if (options.fold >= 0 && selection.validation.empty())
  {
    throw UsageError(Message("fold ", options.fold, ": the cache has no labelled case in it"));
  }
  if (selection.labelled.empty() && selection.unlabelled.empty())
  {
    throw UsageError("the cache has no training case");
  }
  return selection;
}

} // namespace sulcus
