#include "sulcusSegmentSummary.h"

#include <sulcusLabelComponents.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{
namespace
{

constexpr std::size_t LabelValues = 65536; // of 16 bits

std::vector<std::size_t>
ComponentsOfLabels(const LabelImage * labels)
{
  std::vector<std::size_t> counts(LabelValues, 0);
  const LabelComponents found(labels);
  for (const auto & component : found.Components())
  {
    ++counts[component.label];
  }
  return counts;
}

} // namespace

const ComponentRuleReport *
SegmentationSummary::RuleOf(std::uint16_t label) const
{
  const auto found = std::find_if(
      rules.begin(), rules.end(), [&](const auto & rule) { return rule.label == label; });
  return found == rules.end() ? nullptr : &*found;
}

SegmentationSummary
Summarise(const Segmented & result, const Plan & plan, bool countComponents)
{
  const auto & label = result.decision.label;
  const std::size_t count = label->GetLargestPossibleRegion().GetNumberOfPixels();
  const float * confidence = result.decision.confidence.IsNull()
                                 ? nullptr
                                 : result.decision.confidence->GetBufferPointer();
  std::vector<std::size_t> voxels(LabelValues, 0);
  std::vector<double> sums(confidence != nullptr ? LabelValues : 0, 0.0);
  for (std::size_t i = 0; i < count; ++i)
  {
    const auto value = label->GetBufferPointer()[i];
    ++voxels[value];
    if (confidence != nullptr)
    {
      sums[value] += confidence[i];
    }
  }
  const auto components = countComponents ? ComponentsOfLabels(label) : std::vector<std::size_t>{};
  const auto spacing = label->GetSpacing();
  SegmentationSummary summary;
  summary.labelledVoxels = count - voxels[0];
  summary.rules = result.rules;
  for (std::size_t k = 1; k < plan.labels.size(); ++k)
  {
    StructureSummary structure;
    structure.value = static_cast<std::uint16_t>(plan.labels[k].value);
    structure.name = plan.labels[k].name;
    structure.voxels = voxels[structure.value];
    structure.volumeInMm3 =
        static_cast<double>(structure.voxels) * spacing[0] * spacing[1] * spacing[2];
    if (confidence != nullptr && structure.voxels > 0)
    {
      structure.meanConfidence = sums[structure.value] / static_cast<double>(structure.voxels);
    }
    if (countComponents)
    {
      structure.components = components[structure.value];
    }
    summary.structures.push_back(std::move(structure));
  }
  return summary;
}

nlohmann::ordered_json
ToJson(const SegmentationSummary & summary, const std::string & id)
{
  nlohmann::ordered_json entry;
  entry["case"] = id;
  entry["labelled_voxels"] = summary.labelledVoxels;
  for (const auto & structure : summary.structures)
  {
    nlohmann::ordered_json label = {{"value", structure.value},
                                    {"name", structure.name},
                                    {"voxels", structure.voxels},
                                    {"volume_mm3", structure.volumeInMm3}};
    if (structure.components)
    {
      label["components"] = *structure.components;
    }
    if (structure.meanConfidence)
    {
      label["mean_confidence"] = *structure.meanConfidence;
    }
    entry["labels"].push_back(std::move(label));
  }
  for (const auto & rule : summary.rules)
  {
    entry["component_rules"].push_back({{"label", rule.label},
                                        {"components_before", rule.componentsBefore},
                                        {"components_after", rule.componentsAfter},
                                        {"voxels_removed", rule.voxelsRemoved}});
  }
  return entry;
}

} // namespace sulcus
