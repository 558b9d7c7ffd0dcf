#include "sulcusComponentRules.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

constexpr std::size_t NoComponent = static_cast<std::size_t>(-1);

void
CheckRules(const std::vector<ComponentRule> & rules, const std::vector<std::uint16_t> & labelValues)
{
  if (!labelValues.empty() && labelValues.size() != rules.size())
  {
    throw UsageError(Message("component rules: ",
                             rules.size(),
                             " rules for ",
                             labelValues.size(),
                             " classes, need one each"));
  }
  if (!labelValues.empty() && labelValues[0] != 0)
  {
    throw UsageError(
        Message("component rules: the background has the value ", labelValues[0], ", need 0"));
  }
  for (std::size_t k = 0; k < rules.size(); ++k)
  {
    if (!(rules[k].smallestVolumeInMm3 >= 0.0) || !std::isfinite(rules[k].smallestVolumeInMm3))
    {
      throw UsageError(Message("component rules: class ",
                               k,
                               " has the smallest volume ",
                               rules[k].smallestVolumeInMm3,
                               " mm³, need 0 or more"));
    }
  }
}

/** Components that the rule removes are marked in `removed`. */
ComponentRuleReport
Judge(const std::vector<LabelComponent> & components,
      std::uint16_t label,
      const ComponentRule & rule,
      double voxelVolume,
      std::vector<bool> & removed)
{
  ComponentRuleReport report;
  report.label = label;
  std::size_t largest = NoComponent;
  for (std::size_t i = 0; i < components.size(); ++i)
  {
    if (components[i].label == label &&
        (largest == NoComponent || components[i].voxels > components[largest].voxels))
    {
      largest =
          i; // components come in the order of their first voxel, so the first of equal ones stays
    }
  }
  // A component of exactly the smallest volume stays, however the product rounds.
  const double tooFew = rule.smallestVolumeInMm3 * (1.0 - 1e-9);
  for (std::size_t i = 0; i < components.size(); ++i)
  {
    if (components[i].label != label)
    {
      continue;
    }
    ++report.componentsBefore;
    removed[i] = (rule.keepLargest && i != largest) ||
                 static_cast<double>(components[i].voxels) * voxelVolume < tooFew;
    report.voxelsRemoved += removed[i] ? components[i].voxels : 0;
    report.componentsAfter += removed[i] ? 0 : 1;
  }
  return report;
}

} // namespace

std::vector<ComponentRuleReport>
ApplyComponentRules(LabelImage * labels,
                    const std::vector<ComponentRule> & rules,
                    const std::vector<std::uint16_t> & labelValues)
{
  if (rules.empty())
  {
    return {};
  }
  CheckRules(rules, labelValues);
  const auto demands = [](const ComponentRule & rule)
  { return rule.keepLargest || rule.smallestVolumeInMm3 > 0.0; };
  if (std::none_of(rules.begin() + 1, rules.end(), demands))
  {
    return {};
  }
  const LabelComponents found(labels);
  const auto & spacing = labels->GetSpacing();
  std::vector<bool> removed(found.Components().size(), false);
  std::vector<ComponentRuleReport> reports;
  for (std::size_t k = 1; k < rules.size(); ++k)
  {
    if (demands(rules[k]))
    {
      const auto label = labelValues.empty() ? static_cast<std::uint16_t>(k) : labelValues[k];
      reports.push_back(Judge(
          found.Components(), label, rules[k], spacing[0] * spacing[1] * spacing[2], removed));
    }
  }
  found.Overwrite(labels, removed, 0);
  return reports;
}

} // namespace sulcus
