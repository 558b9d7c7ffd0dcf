#pragma once

#include <string>
#include <vector>

namespace sulcus
{

/** A case with its files; `prediction` is empty where there is none. */
struct CaseFiles
{
  std::string id;
  std::string subject;
  std::string reference;
  std::string prediction;
  std::string image; ///< whose grid DICOM segmentations are put on; may be empty
};

struct PairingOptions
{
  std::string referenceSuffix; ///< removed from the end of a file's name to get the case id
  std::string predictionSuffix;
  std::vector<std::string> cases; ///< only these; empty: all
  bool refuseUnpaired = true;
};

/** File name without its image ending (`.nii.gz`, `.seg.nrrd`, …) or `.dcm` and without the suffix;
 * empty if the name has no such ending or not the suffix. */
std::string
CaseIdOf(const std::string & fileName, const std::string & suffix);

/** The image file of a case in a folder, or nothing. \throws UsageError if there are several. */
std::string
FindCaseFile(const std::string & folder, const std::string & suffix, const std::string & id);

/** Matches two files, or the image files of two folders by case id, sorted by id. A table (.tsv)
 * with the columns case and label, e.g. a manifest, stands for a folder; its paths count from its
 * own folder. Maps of numbers that
 * lie beside predicted label maps (see CaseOfCompanion) are left out, and the log says how many.
 * \throws UsageError (listing up to three names) for a file without counterpart unless that is
 * allowed, for two files of one case, for a case that was asked for and has no reference, and for a
 * file against a folder; InputError for a path that is not there or a folder without images. */
std::vector<CaseFiles>
PairCases(const std::string & reference,
          const std::string & prediction,
          const PairingOptions & options);

} // namespace sulcus
