#pragma once

#include "sulcusAnnotators.h"
#include "sulcusScanner.h"
#include <sulcusAtomicFile.h>
#include <sulcusParameters.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** A made-up study: who is scanned where, and who draws labels. */
struct PhantomCohortOptions
{
  int cases = 16;
  int testCases = 4;       ///< the last ones
  int validationCases = 2; ///< those before
  int labelledCases = 4;   ///< training cases whose label the manifest names
  int scansPerSubject = 1; ///< at changing sites
  int sites = 3;
  int annotators = 5;
  double variability = 1.0; ///< differences between people; 1 is the usual amount
  ScanOptions scan;
  std::uint64_t seed = 0;
};

void
Describe(Parameters & visit, PhantomCohortOptions & options);

/** \throws UsageError if the options contradict each other. */
void
CheckPhantomCohort(const PhantomCohortOptions & options);

/** One scan of one person. Depends on options and number alone, so any case can be made by itself.
 */
struct PhantomCase
{
  std::string id;      ///< "phantom_001"
  std::string subject; ///< "person_01"
  std::string site;
  std::string split; ///< "train", "validation" or "test"
  Scan scan;
};

/** \throws UsageError if the options contradict each other or there is no such case. */
PhantomCase
MakePhantomCase(const PhantomCohortOptions & options, int number);

/** What each annotator draws for a case. */
struct PhantomAnnotation
{
  std::string annotator;
  LabelImage::Pointer labels; ///< NotAnnotated where nothing was drawn
};
std::vector<PhantomAnnotation>
AnnotatePhantomCase(const PhantomCohortOptions & options, int number, const LabelImage * truth);

/** Writes the cohort as an nnU-Net raw folder (`imagesTr`, `labelsTr`, `imagesTs`, `labelsTs`,
 * `dataset.json`) with all truths, beside it `annotators/`, a `manifest.tsv` that names the label
 * of only the first `labelledCases` training cases, and a `splits.json` with nested labelled sets
 * for seeds 0 to 2. Same options, same bytes, whatever the number of threads. `dataset.json` comes
 * last. \throws OutputError, UsageError */
void
WritePhantomCohort(const PhantomCohortOptions & options,
                   const std::filesystem::path & folder,
                   Overwrite overwrite);

} // namespace sulcus
