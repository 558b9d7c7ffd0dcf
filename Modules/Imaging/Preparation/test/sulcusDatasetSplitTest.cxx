#include "sulcusDatasetSplit.h"

#include <sulcusError.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace sulcus
{

namespace
{

Dataset
MakeDataset(const std::vector<std::string> & ids)
{
  Dataset dataset;
  dataset.origin = "made";
  dataset.expectsLabels = true;
  for (const auto & id : ids)
  {
    CaseSource source;
    source.id = id;
    source.subject = id;
    source.split = "train";
    source.images = {id + ".nii"};
    source.label = id + "_label.nii";
    source.weight = id + "_weight.nii";
    source.annotators["ann"] = id + "_ann.nii";
    dataset.cases.push_back(source);
  }
  return dataset;
}

const nlohmann::json &
Splits()
{
  static const auto json = nlohmann::json::parse(R"({
    "test": ["t1", "t2"], "validation": ["v1"], "pool": ["a", "b", "c", "d"],
    "labelled": {"0": ["c", "a", "d", "b"], "1": ["b", "d"]}})");
  return json;
}

const CaseSource &
Find(const Dataset & dataset, const std::string & id)
{
  for (const auto & source : dataset.cases)
  {
    if (source.id == id)
    {
      return source;
    }
  }
  throw std::runtime_error("no case " + id);
}

} // namespace

TEST(FrozenSplit, OnlyTheFirstOfTheListKeepTheirLabels)
{
  auto dataset = MakeDataset({"a", "b", "c", "d", "t1", "t2", "v1", "x"});
  SplitOptions options;
  options.labelled = 2;
  const auto warnings = ApplyFrozenSplit(Splits(), "s.json", options, dataset);
  ASSERT_EQ(dataset.cases.size(), 7U);
  EXPECT_EQ(warnings.size(), 1U); // x is in no list
  for (const std::string id : {"a", "c"})
  {
    EXPECT_TRUE(Find(dataset, id).IsLabelled()) << id;
    EXPECT_FALSE(Find(dataset, id).withheld) << id;
  }
  for (const std::string id : {"b", "d"})
  {
    const auto & source = Find(dataset, id);
    EXPECT_TRUE(source.label.empty() && source.softLabel.empty() && source.weight.empty() &&
                source.observed.empty() && source.annotators.empty())
        << id;
    EXPECT_TRUE(source.withheld) << id;
    EXPECT_EQ(source.split, "train");
  }
  EXPECT_EQ(Find(dataset, "v1").split, "validation");
  EXPECT_TRUE(Find(dataset, "v1").IsLabelled());
  EXPECT_EQ(Find(dataset, "t1").split, "test");
}

TEST(FrozenSplit, ZeroMeansTheWholePoolOrTheFullyLabelledList)
{
  auto dataset = MakeDataset({"a", "b", "c", "d"});
  ApplyFrozenSplit(Splits(), "s.json", SplitOptions(), dataset);
  EXPECT_TRUE(Find(dataset, "b").IsLabelled());
  dataset = MakeDataset({"a", "b", "c", "d"});
  auto json = Splits();
  json["fully_labelled"] = {"a", "b"};
  ApplyFrozenSplit(json, "s.json", SplitOptions(), dataset);
  EXPECT_TRUE(Find(dataset, "b").IsLabelled());
  EXPECT_FALSE(Find(dataset, "c").IsLabelled());
}

TEST(FrozenSplit, RefusesContradictions)
{
  const auto apply =
      [](const nlohmann::json & json, SplitOptions options, std::vector<std::string> ids)
  {
    auto dataset = MakeDataset(ids);
    ApplyFrozenSplit(json, "s.json", options, dataset);
  };
  const std::vector<std::string> all{"a", "b", "c", "d", "t1", "t2", "v1"};
  SplitOptions options;
  options.labelled = 3;
  options.splitSeed = 1; // only two in its list
  EXPECT_THROW(apply(Splits(), options, all), UsageError);
  options.splitSeed = 5;
  EXPECT_THROW(apply(Splits(), options, all), UsageError);
  options = SplitOptions();
  auto twice = Splits();
  twice["validation"].push_back("a");
  EXPECT_THROW(apply(twice, options, all), UsageError);
  auto outside = Splits();
  outside["labelled"]["0"] = {"t1"};
  options.labelled = 1;
  EXPECT_THROW(apply(outside, options, all), UsageError);
  EXPECT_THROW(apply(Splits(), options, {"a", "b", "c"}), InputError); // pool case d is missing
  auto dataset = MakeDataset(all);
  dataset.cases[2].label.clear(); // c is the first of seed 0
  dataset.cases[2].annotators.clear();
  EXPECT_THROW(ApplyFrozenSplit(Splits(), "s.json", options, dataset), InputError);
  EXPECT_THROW(apply(nlohmann::json::array(), options, all), UsageError);
  const nlohmann::json noList{{"pool", "a"}, {"test", nlohmann::json::array()}};
  EXPECT_THROW(apply(noList, options, all), UsageError);
}

TEST(Split, KeepsLabelsOfSomeBySubjectAndSeed)
{
  std::set<std::set<std::string>> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
  {
    auto dataset = MakeDataset({"a", "b", "c", "d", "e"});
    KeepLabelsOfSome(2, RandomEngine(seed), dataset);
    std::set<std::string> labelled;
    for (const auto & source : dataset.cases)
    {
      if (source.IsLabelled())
      {
        labelled.insert(source.id);
      }
    }
    EXPECT_EQ(labelled.size(), 2U);
    seen.insert(labelled);
  }
  EXPECT_GT(seen.size(), 3U);
  auto dataset = MakeDataset({"a", "b"});
  EXPECT_THROW(KeepLabelsOfSome(3, RandomEngine(0), dataset), UsageError);
}

TEST(Split, FoldsKeepSubjectsTogetherAndSpreadSites)
{
  std::vector<std::string> ids;
  for (int i = 0; i < 36; ++i)
  {
    ids.push_back("c" + std::to_string(100 + i));
  }
  auto dataset = MakeDataset(ids);
  for (int i = 0; i < 36; ++i)
  {
    dataset.cases[static_cast<std::size_t>(i)].subject = "s" + std::to_string(i / 2);
    dataset.cases[static_cast<std::size_t>(i)].site = i < 18 ? "north" : "south";
  }
  AssignFolds(3, RandomEngine(4), dataset);
  std::map<std::string, int> foldOfSubject;
  std::map<std::pair<std::string, int>, int> count;
  for (const auto & source : dataset.cases)
  {
    ASSERT_GE(source.fold, 0);
    ASSERT_LT(source.fold, 3);
    const auto [found, isNew] = foldOfSubject.emplace(source.subject, source.fold);
    EXPECT_EQ(found->second, source.fold);
    ++count[{source.site, source.fold}];
  }
  for (const auto & [key, cases] : count)
  {
    EXPECT_EQ(cases, 6) << key.first << " " << key.second; // 9 subjects of 2 scans a site
  }
  EXPECT_EQ(count.size(), 6U);
  CheckSubjects(dataset);
  auto few = MakeDataset({"a", "b"});
  EXPECT_THROW(AssignFolds(3, RandomEngine(0), few), UsageError);
}

TEST(Split, RefusesASubjectInTwoSplitsEvenIfTestCasesAreLeftOut)
{
  auto dataset = MakeDataset({"a", "b", "c"});
  dataset.cases[0].subject = "p";
  dataset.cases[2].subject = "p";
  dataset.cases[2].split = "test";
  EXPECT_THROW(ApplySplit(SplitOptions(), RandomEngine(0), dataset), UsageError);
  dataset.cases[2].subject = "q";
  EXPECT_TRUE(ApplySplit(SplitOptions(), RandomEngine(0), dataset).empty());
  EXPECT_EQ(dataset.cases.size(), 2U);
}

} // namespace sulcus
