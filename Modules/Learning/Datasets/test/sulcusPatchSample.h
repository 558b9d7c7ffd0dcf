#pragma once

#include "sulcusTestCache.h"
#include <sulcusError.h>
#include <sulcusPatchSource.h>

#include <torch/types.h>

#include <memory>
#include <string>

namespace sulcus::test
{

inline bool
SameStream(const Stream & a, const Stream & b)
{
  const auto same = [](const torch::Tensor & x, const torch::Tensor & y)
  { return x.defined() == y.defined() && (!x.defined() || torch::equal(x, y)); };
  bool extra = a.extra.size() == b.extra.size();
  for (const auto & [name, tensor] : a.extra)
  {
    extra = extra && b.extra.contains(name) && torch::equal(tensor, b.extra.at(name));
  }
  return extra && same(a.image, b.image) && same(a.label, b.label) &&
         same(a.softLabel, b.softLabel) && same(a.weight, b.weight) &&
         same(a.observed, b.observed) && same(a.millimetreFromVoxel, b.millimetreFromVoxel) &&
         a.caseIndex == b.caseIndex;
}

inline bool
SameBatch(const Batch & a, const Batch & b)
{
  bool same = a.step == b.step && a.streams.size() == b.streams.size();
  for (const auto & [name, stream] : a.streams)
  {
    same = same && b.streams.contains(name) && SameStream(stream, b.streams.at(name));
  }
  return same;
}

/** Makes sources of patches from caches that the tests write. */
class Patches : public CacheTest
{
protected:
  std::unique_ptr<PatchSource>
  Source(const std::shared_ptr<const PreparedCache> & cache,
         const SamplingRule & rule,
         const DatasetOptions & options = {},
         std::uint64_t seed = 3,
         const SelectionOptions & selection = {}) const
  {
    return std::make_unique<PatchSource>(
        cache, SelectCases(*cache, selection), m_Plan, rule, options, seed);
  }

  std::string
  RefusedBecause(const std::shared_ptr<const PreparedCache> & cache, const StreamRule & rule) const
  {
    try
    {
      Source(cache, {{rule}});
    }
    catch (const UsageError & error)
    {
      return error.what();
    }
    return "accepted";
  }

  static StreamRule
  Rule(const std::string & name,
       CasePool pool,
       int samples,
       const std::string & augmentation = "none")
  {
    StreamRule rule;
    rule.name = name;
    rule.pool = pool;
    rule.samples = samples;
    rule.augmentation = augmentation;
    return rule;
  }
};

} // namespace sulcus::test
