#pragma once

#include <map>
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
  std::vector<DataSetCase> cases;            ///< sorted by name
  std::vector<std::string> strayLabels;      ///< labels without an image
  std::map<int, std::string> declaredLabels; ///< value → name; empty: none declared
};

/** Reads a manifest.tsv (case, subject, image or image_0 …, label, label_<annotator>, split), a
 * folder with imagesTr and labelsTr (Medical Segmentation Decathlon, or nnU-Net with _0000
 * suffixes), or one with images and labels. A splits.json beside it gives the splits: lists of case
 * names called train, pool, validation, val or test. \throws UsageError where the folder is none of
 * these, InputError */
DataSet
ReadDataSet(const std::string & path);

} // namespace sulcus
