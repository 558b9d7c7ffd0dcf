#include "sulcusPublishedContrast.h"

#include <sulcusError.h>
#include <sulcusLog.h>

#include <algorithm>

namespace sulcus
{

std::map<std::string, std::string>
PublishedAdam()
{
  return {{"steps", "10000"},
          {"optimizer", "adam"},
          {"learning_rate", "0.001"},
          {"weight_decay", "0"},
          {"clip_norm", "0"},
          {"schedule", "constant"},
          {"warmup", "0"}};
}

void
WarnUnlessUnitRange(const Plan & plan, const std::string & method)
{
  const auto other =
      std::find_if(plan.normalisation.begin(),
                   plan.normalisation.end(),
                   [](const NormalisationPlan & channel) { return channel.kind != "percentile"; });
  if (other != plan.normalisation.end())
  {
    LogWarning(Message("method '",
                       method,
                       "' clips intensities to 0...1.5 as published, which is made for percentile "
                       "normalisation; this data was prepared with ",
                       other->kind));
  }
}

} // namespace sulcus
