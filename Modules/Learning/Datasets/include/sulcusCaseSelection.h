#pragma once

#include <sulcusPreparedCache.h>

#include <cstddef>
#include <string>
#include <vector>

namespace sulcus
{

class Parameters;

/** Which cases of a cache a run may use, and how. */
struct SelectionOptions
{
  std::vector<std::string> labelledIds; ///< only these keep their labels; empty: all that have one
  std::int64_t labelledCount =
      -1; ///< keep the labels of that many subjects, drawn with `labelledSeed`; -1: all
  std::uint64_t labelledSeed = 0; ///< smaller counts are nested in larger ones
  std::int64_t fold = -1;    ///< this part of the k-fold split validates; -1: as the split says
  bool useUnlabelled = true; ///< whether training cases without a (kept) label are used at all
};

void
Describe(Parameters & visit, SelectionOptions & o);

/** Positions in the cache, ascending. A case is in at most one of them; test cases are in none. */
struct CaseSelection
{
  std::vector<std::size_t> labelled;   ///< train with their labels
  std::vector<std::size_t> unlabelled; ///< train without; their labels, if any, are never read
  std::vector<std::size_t> validation; ///< with a label
};

/** Cases of split "train" or of no split train; "validation" validates; with a fold, that part
 * validates instead and "validation" cases train. \throws UsageError for an id that is not there,
 * has no label or does not train, a count larger than there are, a fold without cases, or a cache
 * of which nothing trains. */
CaseSelection
SelectCases(const PreparedCache & cache, const SelectionOptions & options);

} // namespace sulcus
