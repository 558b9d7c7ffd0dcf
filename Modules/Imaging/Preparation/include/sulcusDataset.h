#pragma once

#include <sulcusPlan.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** The files of one scan and what is known about it. Empty paths: not there. */
struct CaseSource
{
  std::string id;
  std::string subject; ///< the id itself where nothing else is known
  std::string site;
  std::string split; ///< "train", "validation" or "test"
  int fold = -1;
  std::vector<std::string> images; ///< one a channel, or a single file with all channels
  std::string label;
  std::map<std::string, std::string> annotators; ///< name → label map
  std::string softLabel; ///< probabilities, one component a class (or one, of the only structure)
  std::string weight;
  std::string observed;                             ///< 0 where the label is unknown
  std::optional<std::array<double, 3>> spacingInMm; ///< x, y, z of the file; replaces a lost one
  bool withheld = false; ///< has a label that a split file keeps out of training

  bool
  IsLabelled() const
  {
    return !label.empty() || !softLabel.empty();
  }
};

/** A study as listed on disk; no voxel has been read. */
struct Dataset
{
  std::string name;
  std::string origin; ///< the file or folder that lists it, as given
  std::vector<std::string> channels;
  std::vector<LabelDefinition> labels;      ///< background first; empty: not declared
  std::optional<std::int64_t> unknownLabel; ///< value in label files that means "not known"
  std::int64_t annotatorUnknownLabel = 255; ///< the same in annotators' files
  bool expectsLabels = false; ///< every training image should have a label (folders, not manifests)
  std::vector<CaseSource> cases; ///< by id
};

/** What the command line adds to the data set's own description. */
struct DatasetOptions
{
  std::string path;                       ///< a folder, a `dataset.json` or a manifest `.tsv`
  std::vector<std::string> imagePatterns; ///< one a channel, e.g. "images/{case}_t1.nii.gz"
  std::string labelPattern;
  std::string subjectPattern;      ///< regular expression; the first group, found in the case id
  std::vector<std::string> labels; ///< "name=value", background may be left out
  std::vector<std::string> channels;
  std::vector<double> spacingInMm; ///< x, y, z for every case; empty: as in the files
  std::int64_t unknownLabel = -1;  ///< negative: none
};

/** Lists a data set: Medical Segmentation Decathlon (`dataset.json` with a `training` list),
 * nnU-Net raw folder (`imagesTr/<case>_0000…`), folder with file name patterns, folder with
 * `images` and `labels`, or manifest (in a folder: `manifest.tsv`, which goes first). Manifest
 * columns: case, subject, site, split, fold, image or image_<channel>, label, annotator_<name>,
 * soft_label, weight or confidence, observed, spacing. Paths are relative to the listing's folder.
 * Labels of a manifest come from the options, else from a `dataset.json` beside it. \throws
 * UsageError for contents that contradict themselves (unknown column, duplicate case id),
 * InputError for files that are missing (label without image, wrong number of channels). */
Dataset
ReadDataset(const DatasetOptions & options);

} // namespace sulcus
