#pragma once

#include "sulcusLabelComponents.h"
#include <sulcusPlan.h>

#include <cstdint>
#include <vector>

namespace sulcus
{

/** What the rules did to one class. */
struct ComponentRuleReport
{
  std::uint16_t label = 0;
  std::size_t componentsBefore = 0;
  std::size_t componentsAfter = 0;
  std::size_t voxelsRemoved = 0;
};

/** Applies the plan's rules, one a class, to a label map on the native grid, in place.
 *
 * Components are sets of voxels of one label that touch at least at a corner. keepLargest leaves
 * the component with the most voxels, of equal ones that with the lowest first voxel (x, then y,
 * then z); smallestVolumeInMm3 then removes whatever is smaller, the largest one included. Removed
 * voxels become background. Each class is judged by itself: voxels that one rule freed never join
 * another class. \param labelValues the value of class 0 (background), 1, … in the label map;
 * empty: the class index \returns one entry for each class with a rule, in the order of classes
 * \throws UsageError if there are rules and their number is not that of the label values, for a
 * background value that is not 0, or for a negative volume. */
std::vector<ComponentRuleReport>
ApplyComponentRules(LabelImage * labels,
                    const std::vector<ComponentRule> & rules,
                    const std::vector<std::uint16_t> & labelValues = {});

} // namespace sulcus
