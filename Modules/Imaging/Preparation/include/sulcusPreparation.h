#pragma once

#include "sulcusDatasetSplit.h"
#include "sulcusFingerprint.h"
#include "sulcusPlanRules.h"
#include <sulcusAtomicFile.h>
#include <sulcusParameters.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** Everything `sulcus-prepare` can be told. */
struct PreparationOptions
{
  DatasetOptions dataset;
  SplitOptions split;
  PlanOptions plan;
  CaseReadOptions reading;
  std::string planFile;              ///< an edited plan instead of a derived one
  std::string emptyLabel = "error";  ///< "error" or "warning"
  std::string annotators = "ignore"; ///< "ignore", "majority" or "soft"
  bool pretraining = false;          ///< no label is needed
  bool allowUnlabelled = false;      ///< training images without a label in a folder are unlabelled
  std::uint64_t seed = 0;
};

void
Describe(Parameters & visit, PreparationOptions & options);

/** `reading` with what the texts `emptyLabel` and `annotators` say. */
CaseReadOptions
ReadingOptions(const PreparationOptions & options);

/** A data set that has passed every check, with its plan; nothing has been written. */
struct CheckedDataset
{
  Dataset dataset;
  std::vector<CaseFingerprint> fingerprint; ///< in the order of dataset.cases
  Plan plan;
  std::vector<std::string> warnings;

  std::size_t
  LabelledCount(const std::string & split) const;
};

/** Lists and splits the data set, reads every file once, refuses what is wrong (the first problem,
 * and how many more cases have one), measures the fingerprint and derives or reads the plan. Cases
 * are read in parallel. \throws what ReadDataset, ApplySplit and ReadCase throw; UsageError without
 * any labelled training case unless for pre-training. */
CheckedDataset
CheckDataset(const PreparationOptions & options);

/** Preprocesses all cases in parallel and writes the cache, with `plan.json` and
 * `fingerprint.json` beside it. A label that the split withholds is neither read nor written. When
 * anything fails, what was written into a new folder is removed. Same input and options, same
 * bytes, for any number of threads. */
void
WriteCache(const CheckedDataset & checked,
           const PreparationOptions & options,
           const std::filesystem::path & folder,
           Overwrite overwrite);

/** Refuses an existing folder that is not empty, before any work. \throws OutputError */
void
RequireFreeFolder(const std::filesystem::path & folder, Overwrite overwrite);

/** One line a case, for the report and for people: id, subject, site, split, fold, labelled, size,
 * spacing. */
std::string
CaseTable(const CheckedDataset & checked);

} // namespace sulcus
