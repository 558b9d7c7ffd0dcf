#pragma once

#include "sulcusBidsDataset.h"
#include <sulcusTable.h>

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** Where the results of one image go, below the derivatives folder. */
struct BidsResultFiles
{
  std::filesystem::path labels;  ///< …_desc-<d>_dseg.nii.gz
  std::filesystem::path sidecar; ///< …_dseg.json
  std::filesystem::path table;   ///< …_dseg.tsv
  std::filesystem::path report;  ///< logs/…_report.json, as sulcus-segment wrote it
};

BidsResultFiles
ResultFilesOf(const BidsImage & image,
              const std::filesystem::path & output,
              const std::string & desc);

/** Writes dataset_description.json and .bidsignore of the derivatives.
 * \throws OutputError if the folder belongs to another program. */
void
WriteDerivativesDescription(const std::filesystem::path & raw,
                            const std::filesystem::path & output);

/** Writes the sidecar (sources, model, label volumes, warnings) and the label table of one
 * segmentation from the run record of sulcus-segment.
 * \throws InputError if the record does not tell the labels. */
void
WriteSidecars(const BidsImage & image,
              const BidsResultFiles & files,
              const std::filesystem::path & raw,
              const std::vector<std::string> & modelHashes);

/** A well-told-apart colour for a label, "#rrggbb"; the same for the same number everywhere. */
std::string
LabelColour(std::int64_t label);

/** One row an image, one column a label, in mm³, from the sidecars below the derivatives folder.
 * \throws InputError if there is none. */
struct BidsVolumes
{
  Table table;
  std::vector<std::string> labels; ///< names, one a volume column, in the same order
};
BidsVolumes
CollectVolumes(const std::filesystem::path & output, const std::string & desc);

/** Writes group_desc-<d>_volumes.tsv and its data dictionary. */
void
WriteGroupTables(const BidsVolumes & volumes,
                 const std::filesystem::path & output,
                 const std::string & desc);

} // namespace sulcus
