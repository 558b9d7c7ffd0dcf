#pragma once

#include "sulcusDataset.h"
#include <sulcusRandomEngine.h>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace sulcus
{

/** Which cases are for training, and which of them may show their labels. */
struct SplitOptions
{
  std::string splits; ///< frozen split: test, validation, pool, labelled[seed] lists; may be empty
  int labelled = 0;   ///< training cases that keep their labels; 0: all
  int splitSeed = 0;  ///< which of the frozen split's labelled lists
  int folds = 0;      ///< deal the training subjects into this many parts; 0: none
  bool includeTest = false; ///< keep test cases (for caches that are only looked at)
};

/** Applies a frozen split: sets `split`, leaves out cases that it does not list, and takes the
 * labels, annotations, weights and masks from every pool case that is not among the first
 * `labelled` of the seed's list. With 0 the list `fully_labelled` counts, or the whole pool.
 * \returns warnings. \throws UsageError for a split file that contradicts itself (a case in two
 * lists, a labelled case outside the pool, too short a list), InputError for a pool case that is
 * not in the data set or a labelled case without label. */
std::vector<std::string>
ApplyFrozenSplit(const nlohmann::json & splits,
                 const std::string & origin,
                 const SplitOptions & options,
                 Dataset & dataset);

/** Without a frozen split: keeps the labels of the first `labelled` cases in a random order of
 * subjects. \throws UsageError if there are fewer. */
void
KeepLabelsOfSome(int labelled, RandomEngine random, Dataset & dataset);

/** Deals training subjects into folds 0 … folds-1, site by site, so that every fold sees every site
 * and all scans of a subject share a fold. \throws UsageError for more folds than subjects. */
void
AssignFolds(int folds, RandomEngine random, Dataset & dataset);

/** Refuses a subject in two splits or folds. \throws UsageError */
void
CheckSubjects(const Dataset & dataset);

/** All of the above in order; leaves out test cases unless asked for. \returns warnings */
std::vector<std::string>
ApplySplit(const SplitOptions & options, const RandomEngine & random, Dataset & dataset);

} // namespace sulcus
