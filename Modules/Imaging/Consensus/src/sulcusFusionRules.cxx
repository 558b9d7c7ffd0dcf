#include "sulcusFusionRules.h"

#include "sulcusLabelVoteImageFilter.h"
#include "sulcusMultiLabelStapleImageFilter.h"
#include "sulcusShapeAveragingImageFilter.h"
#include "sulcusSimpleFusionImageFilter.h"
#include <sulcusError.h>
#include <sulcusParameters.h>

#include <array>
#include <limits>
#include <map>

namespace sulcus
{
namespace
{

template <typename TFilter>
LabelImage::Pointer
Run(TFilter * filter, const std::vector<LabelImage::Pointer> & maps)
{
  for (unsigned i = 0; i < maps.size(); ++i)
  {
    filter->SetAnnotation(i, maps[i]);
  }
  filter->SetMissingValue(UnobservedValue);
  filter->Update();
  LabelImage::Pointer output = filter->GetOutput();
  output->DisconnectPipeline();
  return output;
}

} // namespace

const std::vector<std::string> &
SimpleRules()
{
  static const std::vector<std::string> rules{
      "majority", "weighted_vote", "staple", "staple_mrf", "simple", "shape_averaging"};
  return rules;
}

LabelImage::Pointer
FuseByRule(const std::string & rule, const std::vector<LabelImage::Pointer> & maps)
{
  if (rule == "majority" || rule == "weighted_vote")
  {
    auto filter = LabelVoteImageFilter<LabelImage>::New();
    filter->SetWeightByAgreement(rule == "weighted_vote");
    return Run(filter.GetPointer(), maps);
  }
  if (rule == "staple" || rule == "staple_mrf")
  {
    auto filter = MultiLabelStapleImageFilter<LabelImage>::New();
    filter->SetMarkovWeight(rule == "staple_mrf" ? 0.5 : 0.0);
    return Run(filter.GetPointer(), maps);
  }
  if (rule == "simple")
  {
    return Run(SimpleFusionImageFilter<LabelImage>::New().GetPointer(), maps);
  }
  if (rule == "shape_averaging")
  {
    return Run(ShapeAveragingImageFilter<LabelImage>::New().GetPointer(), maps);
  }
  throw UsageError(Message("rule '", rule, "': ", SuggestName(rule, SimpleRules())));
}

double
MeanDiceOf(const LabelImage * a, const LabelImage * b)
{
  std::map<std::uint16_t, std::array<double, 2>> counts; // both, sum of sizes
  const auto count = a->GetBufferedRegion().GetNumberOfPixels();
  for (std::size_t p = 0; p < count; ++p)
  {
    const auto first = a->GetBufferPointer()[p];
    const auto second = b->GetBufferPointer()[p];
    if (first == UnobservedValue || second == UnobservedValue || (first == 0 && second == 0))
    {
      continue;
    }
    counts[first][1] += 1.0;
    counts[second][1] += 1.0;
    counts[first][0] += first == second ? 2.0 : 0.0;
  }
  counts.erase(0);
  double sum = 0.0;
  for (const auto & [label, pair] : counts)
  {
    sum += pair[0] / pair[1];
  }
  return counts.empty() ? std::numeric_limits<double>::quiet_NaN() : sum / double(counts.size());
}

} // namespace sulcus
