#pragma once

#include <sulcusDeclaredLabels.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** One case of a data set, as its folder or manifest names it; nothing has been opened. */
struct DataSetCase
{
  std::string name;
  std::string subject;                            ///< name where nothing else is known
  std::vector<std::string> images;                ///< one a channel
  std::string label;                              ///< empty: none
  std::map<std::string, std::string> annotations; ///< annotator → file
  std::vector<std::string> splits;                ///< every split that names the case
};

struct DataSet
{
  bool isListed = false; ///< by a manifest, where an empty cell says that there is no label
  std::vector<DataSetCase> cases;       ///< sorted by name
  std::vector<std::string> strayLabels; ///< labels without an image
  std::vector<std::string> oddFiles;    ///< neither image nor label, or a second of one name
  std::optional<DeclaredLabels> declaredLabels; ///< of a dataset.json
  std::string descriptionProblem;               ///< why a dataset.json declares no labels
};

/** Reads a manifest.tsv (case, subject, image or image_0 …, label, annotator_<name>, split), a
 * folder with imagesTr and labelsTr (Medical Segmentation Decathlon, or nnU-Net with _0000
 * suffixes; cases of imagesTs and labelsTs are in the split test), or one with images and labels. A
 * splits.json beside it gives the splits: lists of case names called train, pool, validation, val
 * or test. \throws UsageError where the folder is none of these, InputError */
DataSet
ReadDataSet(const std::string & path);

} // namespace sulcus
