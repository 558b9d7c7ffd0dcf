#include "sulcusPatchSource.h"

#include "sulcusPrefetchingSource.h"
#include "sulcusStreamSampler.h"
#include <sulcusError.h>
#include <sulcusParameters.h>

namespace sulcus
{

struct PatchSource::State
{
  SamplerContext context;
  std::vector<std::unique_ptr<StreamSampler>> samplers;
  std::vector<RandomEngine> engines;
};

void
Describe(Parameters & visit, DatasetOptions & o)
{
  visit.Group("Augmentation");
  Describe(visit, o.full);
  visit.Group("Data");
  visit("padding", o.padding, "What lies outside a volume.")
      .Choices({"replicate", "zero"})
      .Advanced();
  visit("padding_is_background",
        o.paddingIsBackground,
        "Whether the label outside a volume is known to be background.")
      .Advanced();
  visit("prefetch_threads", o.prefetchThreads, "Threads that prepare batches ahead.")
      .Range(0, 64)
      .Advanced();
  visit("prefetch_depth", o.prefetchDepth, "Batches prepared ahead.").Range(1, 64).Advanced();
}

PatchSource::PatchSource(std::shared_ptr<const PreparedCache> cache,
                         CaseSelection selection,
                         Plan plan,
                         SamplingRule rule,
                         DatasetOptions options,
                         std::uint64_t seed)
    : m_State(std::make_unique<State>())
{
  if (options.padding != "replicate" && options.padding != "zero")
  {
    throw UsageError(Message("padding '", options.padding, "', need replicate or zero"));
  }
  if (rule.streams.empty())
  {
    throw UsageError("the sampling rule names no stream");
  }
  m_State->context = {std::move(cache), std::move(selection), std::move(plan), std::move(options)};
  const RandomEngine random(seed);
  for (const auto & stream : rule.streams)
  {
    m_State->samplers.push_back(std::make_unique<StreamSampler>(m_State->context, stream));
    m_State->engines.push_back(random.Fork("patches").Fork(stream.name));
  }
}

PatchSource::~PatchSource() = default;

Batch
PatchSource::At(std::int64_t step)
{
  Batch batch;
  batch.step = step;
  for (std::size_t i = 0; i < m_State->samplers.size(); ++i)
  {
    m_State->samplers[i]->AddTo(batch, m_State->engines[i], step);
  }
  return batch;
}

std::unique_ptr<BatchSource>
MakePatchSource(std::shared_ptr<const PreparedCache> cache,
                const CaseSelection & selection,
                const Plan & plan,
                const SamplingRule & rule,
                const DatasetOptions & options,
                std::uint64_t seed)
{
  auto source =
      std::make_unique<PatchSource>(std::move(cache), selection, plan, rule, options, seed);
  if (options.prefetchThreads <= 0)
  {
    return source;
  }
  return std::make_unique<PrefetchingSource>(std::move(source),
                                             static_cast<std::size_t>(options.prefetchThreads),
                                             static_cast<std::size_t>(options.prefetchDepth));
}

} // namespace sulcus
