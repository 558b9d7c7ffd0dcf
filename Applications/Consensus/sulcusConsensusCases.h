#pragma once

#include <sulcusImages.h>

#include <optional>
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
  std::string subject; ///< copied from the manifest
  std::string image;   ///< empty: none
  std::vector<AnnotationSource> annotations;
};

/** Cases from files (one file an annotator, or one 4-D file a case) or from a manifest with columns
 * `case`, `image` (or the first `image_…`) and `annotator_<name>`; relative paths count from the
 * manifest's folder. \throws UsageError for no annotations, a mix of 3-D and 4-D files, a 4-D file
 * with one volume, cases of one name. */
std::vector<ConsensusCase>
ListCases(const std::vector<std::string> & annotations,
          const std::string & image,
          const std::string & manifest,
          const std::string & caseName);

/** Value of an unobserved voxel in the maps that ReadAnnotations returns. */
inline constexpr std::uint16_t UnobservedValue = 65535;

struct LoadedCase
{
  std::vector<LabelImage::Pointer> maps; ///< UnobservedValue where not annotated
  FloatImage::Pointer image;
};

/** Reads everything of one case and checks that all grids are one. \param missingValue value that
 * means "not annotated"; negative: none. \param resample bring maps on other grids onto the first
 * one's (nearest neighbour; what lies outside is not annotated) instead of refusing them. */
LoadedCase
LoadCase(const ConsensusCase & source, int missingValue, bool resample);

} // namespace sulcus
