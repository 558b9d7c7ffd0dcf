#include <sulcusError.h>
#include <sulcusMemoryBank.h>

#include <torch/types.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace sulcus
{
namespace
{

/** Rows (i, i) tagged i. */
void
PutRange(MemoryBank & bank, int begin, int end)
{
  const auto tags = torch::arange(begin, end, torch::kLong);
  bank.Put(tags.to(torch::kFloat).unsqueeze(1).expand({-1, 2}), tags);
}

std::vector<std::int64_t>
SortedTags(const MemoryBank & bank)
{
  const auto tags = bank.Tags().contiguous();
  std::vector<std::int64_t> values(tags.data_ptr<std::int64_t>(),
                                   tags.data_ptr<std::int64_t>() + tags.numel());
  std::sort(values.begin(), values.end());
  return values;
}

} // namespace

TEST(MemoryBank, KeepsTheLastRowsWithTheirTags)
{
  MemoryBank bank(5, 2, torch::kCPU);
  EXPECT_EQ(bank.Size(), 0);
  PutRange(bank, 0, 3);
  EXPECT_EQ(SortedTags(bank), (std::vector<std::int64_t>{0, 1, 2}));
  PutRange(bank, 3, 7); // wraps around
  EXPECT_EQ(SortedTags(bank), (std::vector<std::int64_t>{2, 3, 4, 5, 6}));
  PutRange(bank, 7, 20); // more than fits
  EXPECT_EQ(SortedTags(bank), (std::vector<std::int64_t>{15, 16, 17, 18, 19}));
  EXPECT_TRUE(torch::equal(bank.Rows().select(1, 0), bank.Tags().to(torch::kFloat)));
}

TEST(MemoryBank, LoadedItGoesOnAtTheSamePlace)
{
  MemoryBank first(4, 2, torch::kCPU);
  MemoryBank second(4, 2, torch::kCPU);
  PutRange(first, 0, 6);
  NamedTensors state;
  first.Save(state, "bank/");
  second.Load(CloneTensors(state), "bank/");
  PutRange(first, 6, 9);
  PutRange(second, 6, 9);
  EXPECT_TRUE(torch::equal(first.Tags(), second.Tags()));
}

TEST(MemoryBank, OtherShapesAreRefused)
{
  MemoryBank bank(4, 2, torch::kCPU);
  EXPECT_THROW(bank.Put(torch::zeros({3, 3}), torch::zeros({3}, torch::kLong)), UsageError);
  EXPECT_THROW(bank.Put(torch::zeros({3, 2}), torch::zeros({2}, torch::kLong)), UsageError);
  EXPECT_THROW(MemoryBank(0, 2, torch::kCPU), UsageError);
}

} // namespace sulcus
