#pragma once

#include <sulcusFusionRules.h>
#include <sulcusImages.h>
#include <sulcusTable.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sulcus
{

/** Where one annotator's map of one case is. */
struct AnnotationSource
{
  std::string annotator;
  std::string path;
  std::optional<std::uint64_t> volume; ///< of a 4-D file
};

struct ConsensusCase
{
  std::string id;
  std::string image; ///< empty: none
  std::vector<AnnotationSource> annotations;
  std::string weight;                     ///< how much each voxel counts, or empty
  std::optional<std::uint16_t> ignored{}; ///< label of voxels that say nothing
};

/** Everything one call is about. */
struct ConsensusCohort
{
  std::vector<ConsensusCase> cases; ///< with at least one annotator
  std::optional<Table> manifest;    ///< as given, with cases that nobody annotated too
  std::filesystem::path folder;     ///< that paths of the manifest count from
  std::map<std::uint16_t, std::string> labelNames; ///< of the dataset.json beside the manifest
  std::optional<std::uint16_t> ignored;            ///< of the same
  std::vector<std::string> labelFiles;             ///< label maps that the manifest names
};

/** Cases from files (one file an annotator, or 4-D files that are a case each) or from a manifest
 * with columns `case`, `image` (or the first `image_…`), `annotator_<name>` and perhaps `label`,
 * `weight` or `confidence`; relative paths
 * count from the manifest's folder. \throws UsageError for no annotations, a mix of 3-D and 4-D
 * files, a 4-D file with one volume, cases of one name. */
ConsensusCohort
ListCases(const std::vector<std::string> & annotations,
          const std::string & image,
          const std::string & manifest,
          const std::string & caseName);

struct LoadedCase
{
  std::vector<LabelImage::Pointer> maps; ///< UnobservedValue where not annotated
  FloatImage::Pointer image;
  FloatImage::Pointer weight; ///< null: every voxel counts alike

  /** Adds the labels that occur in the maps. */
  void
  AddLabels(std::set<std::uint16_t> & labels) const;
};

/** Reads everything of one case and checks that all grids are one. \param missingValue value that
 * means "not annotated", as the ignored label does; negative: none. \param resample bring maps on
 * other grids onto the first one's (nearest neighbour; what lies outside is not annotated) instead
 * of refusing them. */
LoadedCase
LoadCase(const ConsensusCase & source, int missingValue, bool resample);

/** Adds the labels that occur in a map. */
void
AddLabelsOf(const LabelImage * map, std::set<std::uint16_t> & labels);

} // namespace sulcus
