#pragma once

#include "sulcusCaseSelection.h"
#include <sulcusAugmentation.h>
#include <sulcusBatch.h>
#include <sulcusPlan.h>
#include <sulcusPreparedCache.h>
#include <sulcusSamplingRule.h>

#include <cstdint>
#include <memory>

namespace sulcus
{

/** Which part of every batch is made: the samples of each stream are split evenly and in order. */
struct BatchShare
{
  int part = 0;
  int parts = 1;
};

struct DatasetOptions
{
  AugmentationOptions full;          ///< what a rule's "full" means
  std::string padding = "replicate"; ///< what lies outside a volume: "replicate" the edge or "zero"
  bool paddingIsBackground = true;   ///< otherwise the label there is unknown (observed = false)
  std::int64_t prefetchThreads = 1;
  std::int64_t prefetchDepth = 3; ///< batches made ahead
  BatchShare share;               ///< of a process that trains together with others
};

void
Describe(Parameters & visit, DatasetOptions & o);

/** Turns a prepared cache and a sampling rule into batches, on the calling thread.
 *
 * The batch of a step depends on seed, step, rule and cache alone. Every sample of a stream has a
 * random engine of its own. Without `differentCases` each pool is gone through in shuffled rounds,
 * so that all cases are seen equally often. The share of patches that `foregroundFraction` asks for
 * are centred on a voxel of a class drawn evenly among the structures of the case; all others lie
 * anywhere. A volume smaller than the patch is padded, at a random place.
 *
 * Streams of the pools Unlabelled and All read no label, soft label, weight or observed mask. In a
 * stream of labelled cases, softLabel, weight and observed are there as soon as one case of the
 * pool has one (softLabel then is one-hot for the others, weight 1, observed true), so that all
 * batches look alike. */
class PatchSource : public BatchSource
{
public:
  /** Maps all selected cases. \throws UsageError if a pool is empty or has too few subjects, cases
   * differ in channels or from the plan, a volume has fewer slices than partitions, a name is
   * unknown, a stream cannot be shared evenly, or a rule contradicts itself. */
  PatchSource(std::shared_ptr<const PreparedCache> cache,
              CaseSelection selection,
              Plan plan,
              SamplingRule rule,
              DatasetOptions options,
              std::uint64_t seed);
  ~PatchSource() override;

  Batch
  At(std::int64_t step) override;

private:
  struct State;
  std::unique_ptr<State> m_State;
};

/** A PatchSource whose batches are made ahead on background threads. */
std::unique_ptr<BatchSource>
MakePatchSource(std::shared_ptr<const PreparedCache> cache,
                const CaseSelection & selection,
                const Plan & plan,
                const SamplingRule & rule,
                const DatasetOptions & options,
                std::uint64_t seed);

} // namespace sulcus
