#pragma once

#include <sulcusSegmenter.h>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** What a segmentation holds of one structure. */
struct StructureSummary
{
  std::uint16_t value = 0;
  std::string name;
  std::size_t voxels = 0;
  double volumeInMm3 = 0.0;
  std::optional<double> meanConfidence; ///< over its voxels; where the confidence is known
  std::optional<std::size_t>
      components; ///< that touch at least at a corner; where they were counted
};

struct SegmentationSummary
{
  std::size_t labelledVoxels = 0;
  std::vector<StructureSummary> structures; ///< of the plan, without the background
  std::vector<ComponentRuleReport> rules;

  /** What the component rule of a label did; null where there is none. */
  const ComponentRuleReport *
  RuleOf(std::uint16_t label) const;
};

/** One pass over the voxels. Volumes follow the spacing of the label map, so to be called before
 * that is changed. \param countComponents takes a second pass */
SegmentationSummary
Summarise(const Segmented & result, const Plan & plan, bool countComponents);

/** For the run record. */
nlohmann::ordered_json
ToJson(const SegmentationSummary & summary, const std::string & id);

} // namespace sulcus
