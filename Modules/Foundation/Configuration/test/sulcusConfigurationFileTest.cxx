#include <sulcusConfigurationFile.h>
#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusRunProgram.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sulcus
{
namespace
{

using testing::HasSubstr;

std::string
RefusalOf(const std::string & text)
{
  try
  {
    ParseToml(text, "study.toml");
  }
  catch (const UsageError & error)
  {
    return error.what();
  }
  return "";
}

TEST(Toml, SaysTheSameAsTheJsonOfTheSameSettings)
{
  const auto toml = ParseToml("# a study\n"
                              "data = 'cohort' # beside this file\n"
                              "seed = 1_000\n"
                              "rate = 1e-3\n"
                              "check = true\n"
                              "methods = [\n  \"supervised\",\n  \"fixmatch\",\n]\n"
                              "train.steps = 400\n"
                              "[prepare]\n"
                              "target_spacing = [1.0, 1.0, 1.5]\n"
                              "[train.fixmatch]\n"
                              "steps = 800\n"
                              "note = \"\"\"two\nlines \\u00e9\"\"\"\n",
                              "study.toml");
  EXPECT_EQ(toml, nlohmann::json::parse(R"({
    "data": "cohort", "seed": 1000, "rate": 0.001, "check": true,
    "methods": ["supervised", "fixmatch"],
    "prepare": {"target_spacing": [1.0, 1.0, 1.5]},
    "train": {"steps": 400, "fixmatch": {"steps": 800, "note": "two\nlines é"}}})"));
}

TEST(Toml, KeepsWholeNumbersApartFromOthers)
{
  const auto toml = ParseToml("a = 1\nb = 1.0\nc = 9223372036854775807\n", "x");
  EXPECT_TRUE(toml["a"].is_number_integer());
  EXPECT_TRUE(toml["b"].is_number_float());
  EXPECT_EQ(toml["c"].get<std::int64_t>(), std::numeric_limits<std::int64_t>::max());
}

TEST(Toml, RefusalsNameFileAndLine)
{
  EXPECT_THAT(RefusalOf("a = 1\nb = \n"), HasSubstr("study.toml: not valid TOML in line 2"));
  EXPECT_THAT(RefusalOf("a = 1\na = 2\n"), HasSubstr("line 2"));
  EXPECT_THAT(RefusalOf("[t]\nx = 1\n[t]\n"), HasSubstr("line 3"));
  EXPECT_THAT(RefusalOf("when = 2026-01-01\n"), HasSubstr("line 1: dates and times"));
  EXPECT_THAT(RefusalOf("a = 1\nx = inf\n"), HasSubstr("line 2: a number is not finite"));
  EXPECT_THAT(RefusalOf("x = 1e999\n"), HasSubstr("line 1"));
  EXPECT_THAT(RefusalOf("no value"), HasSubstr("line 1"));
}

TEST(Toml, DeepNestingIsRefusedWithoutHarm)
{
  std::string dotted = "a";
  for (int i = 0; i < 200000; ++i)
  {
    dotted += ".a";
  }
  EXPECT_THAT(RefusalOf(dotted + " = 1\n"), HasSubstr("dots"));
  EXPECT_THAT(RefusalOf("x = {" + dotted + " = 1}\n"), HasSubstr("dots"));
  EXPECT_NE(RefusalOf("x = " + std::string(100000, '[')), "");
  std::string nested;
  for (int i = 0; i < 70; ++i)
  {
    nested += "{a = ";
  }
  EXPECT_NE(RefusalOf("x = " + nested + "1" + std::string(70, '}') + "\n"), "");
}

TEST(ConfigurationFile, EndingDecidesTheLanguage)
{
  const TestFolder folder;
  std::ofstream(folder / "a.toml") << "steps = 3\n";
  std::ofstream(folder / "a.json") << "{\"steps\": 3}";
  EXPECT_EQ(ReadConfigurationFile(folder / "a.toml"), ReadConfigurationFile(folder / "a.json"));
  EXPECT_THROW(ReadConfigurationFile(folder / "none.toml"), InputError);
}

TEST(ConfigurationFile, UnknownKeyNamesTheNearest)
{
  int steps = 1;
  Parameters visit;
  visit("steps", steps, "Length of the run.");
  try
  {
    visit.SetJson(ParseToml("stesp = 3\n", "a.toml"), "a.toml");
    FAIL() << "the unknown key was accepted";
  }
  catch (const UsageError & error)
  {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'steps'"));
  }
}

} // namespace
} // namespace sulcus
