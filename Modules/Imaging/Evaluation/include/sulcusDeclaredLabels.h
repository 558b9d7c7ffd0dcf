#pragma once

#include "sulcusStructureScores.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** Which labels may occur and what is to be scored. */
struct DeclaredLabels
{
  std::vector<Structure> structures;    ///< without the background
  std::vector<std::uint16_t> values;    ///< every label that may occur, with 0; ascending
  std::optional<std::uint16_t> ignored; ///< reference voxels that are not scored
};

/** Reads the `labels` of a plan (list of `{value, name}`), of a Medical Segmentation Decathlon
 * `dataset.json` (`{"1": "anterior"}`) or of an nnU-Net one (`{"anterior": 1, "whole": [1, 2]}`,
 * where `ignore` names the ignored label). \throws UsageError naming the origin for anything else,
 * a repeated name or a value outside 0 … 65535. */
DeclaredLabels
DeclaredLabelsFromJson(const nlohmann::json & json, const std::string & origin);

/** ReadJsonFile and DeclaredLabelsFromJson. */
DeclaredLabels
ReadDeclaredLabels(const std::filesystem::path & path);

/** Labels as found, named `label_<value>`. */
DeclaredLabels
DeclareFound(const std::vector<std::uint16_t> & values);

/** Adds "name=part+part", where a part is a label value or the name of a structure.
 * \throws UsageError for an unknown part or a name in use. */
void
AddRegion(DeclaredLabels & labels, const std::string & region);

/** \throws InputError naming the file, the label and how many voxels carry it, for a label that is
 * not declared. */
void
RequireDeclared(const Confusion & confusion,
                const DeclaredLabels & labels,
                const std::string & referencePath,
                const std::string & predictionPath);

} // namespace sulcus
