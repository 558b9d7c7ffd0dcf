#include "sulcusPatchSample.h"
#include <sulcusError.h>
#include <sulcusPrefetchingSource.h>

#include <gmock/gmock.h>

namespace
{

using namespace sulcus;
using sulcus::test::Patches;
using sulcus::test::SameBatch;

TEST_F(Patches, PrefetchingGivesTheSameBatchesWhateverTheThreads)
{
  const auto cache = MakeCache(4);
  const SamplingRule rule{{Rule("labelled", CasePool::Labelled, 2, "full")}};
  const auto direct = Source(cache, rule);
  for (const int threads : {1, 3})
  {
    DatasetOptions options;
    options.prefetchThreads = threads;
    options.prefetchDepth = 2;
    const auto ahead = MakePatchSource(cache, SelectCases(*cache, {}), m_Plan, rule, options, 3);
    for (const std::int64_t step : {5, 6, 7, 8, 2, 3, 3, 40}) // resumes and repeats included
    {
      EXPECT_TRUE(SameBatch(ahead->At(step), direct->At(step))) << step;
    }
  }
}

/** Fails at one step. */
class FailingSource : public BatchSource
{
public:
  Batch
  At(std::int64_t step) override
  {
    if (step == 3)
    {
      throw InputError("damaged");
    }
    Batch batch;
    batch.step = step;
    return batch;
  }
};

TEST(PrefetchingSource, ErrorsArriveWithTheirStep)
{
  PrefetchingSource source(std::make_unique<FailingSource>(), 2, 4);
  for (const std::int64_t step : {0, 1, 2})
  {
    EXPECT_EQ(source.At(step).step, step);
  }
  EXPECT_THROW(source.At(3), InputError);
  EXPECT_EQ(source.At(4).step, 4);
  EXPECT_THROW(PrefetchingSource(std::make_unique<FailingSource>(), 0, 1), UsageError);
}

} // namespace
