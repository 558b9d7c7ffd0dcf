#include "sulcusCommandLine.h"

#include <sulcusError.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sulcus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace
{

struct SmoothOptions
{
  std::string input;
  std::vector<std::string> models;
  double sigma = 1.5;
  std::vector<double> offset{0, 0, 0};
  int maxIterations = 10;
  bool fast = false;
  bool bias = true;
  std::string mode = "linear";
};

class CommandLine : public ::testing::Test
{
protected:
  CommandLine()
  {
    parameters("input", options.input, "Image to smooth.")
        .Required()
        .Positional()
        .Kind(ParameterKind::InputImage);
    parameters("models", options.models, "Models.").Kind(ParameterKind::InputFile);
    parameters("sigma", options.sigma, "Width in mm.").Range(0, 10).Short('s');
    parameters("offset", options.offset, "Shift in mm.");
    parameters("max_iterations", options.maxIterations, "Bound on sweeps.").Range(1);
    parameters("fast", options.fast, "Take the short way.");
    parameters("bias", options.bias, "Correct the bias field.");
    parameters("mode", options.mode, "Interpolation.").Choices({"nearest", "linear"});
    DescribeCommon(parameters, common, program);
  }

  CommandLineRequest
  Parse(const std::vector<std::string> & arguments)
  {
    return ParseCommandLine(arguments, parameters, common);
  }

  std::string
  Refusal(const std::vector<std::string> & arguments)
  {
    try
    {
      Parse(arguments);
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.Code(), ExitCode::Usage);
      return error.what();
    }
    return "accepted";
  }

  ProgramDescription program{
      "smooth", "Smooths an image.", "", "sulcus-smooth in.nii.gz", true, true};
  SmoothOptions options;
  CommonOptions common;
  Parameters parameters;
};

TEST_F(CommandLine, ReadsEveryKindOfValue)
{
  Parse({"in.nii",
         "--sigma",
         "2.25",
         "--offset",
         "-1.5,2,3",
         "--max-iterations=7",
         "--fast",
         "--no-bias",
         "--models",
         "a,b.st",
         "--models",
         "c.st"});
  EXPECT_EQ(options.input, "in.nii");
  EXPECT_DOUBLE_EQ(options.sigma, 2.25);
  EXPECT_THAT(options.offset, ElementsAre(-1.5, 2, 3));
  EXPECT_EQ(options.maxIterations, 7);
  EXPECT_TRUE(options.fast);
  EXPECT_FALSE(options.bias);
  EXPECT_THAT(options.models, ElementsAre("a,b.st", "c.st")); // a comma may be part of a path
}

TEST_F(CommandLine, WhatStandsBehindTwoDashesIsTakenAsItIs)
{
  std::vector<std::string> command;
  parameters("command", command, "A command.").Positional().Kind(ParameterKind::InputFile);
  Parse({"in.nii", "--sigma", "2", "--", "other", "--keep-hyphens", "a,b", "--sigma"});
  EXPECT_THAT(command, ElementsAre("other", "--keep-hyphens", "a,b", "--sigma"));
  EXPECT_DOUBLE_EQ(options.sigma, 2);
}

TEST_F(CommandLine, SlicerGetsProgressWithoutBeingAskedAndReturnParameters)
{
  std::string level;
  parameters("level", level, "A choice without default.").Choices({"one", "two"});
  const std::string xml = SlicerXml(program, parameters);
  const auto element = [&](const std::string & name)
  {
    const auto begin = xml.find("<name>" + name + "</name>");
    return xml.substr(begin, xml.find("<name>", begin + 1) - begin);
  };
  EXPECT_THAT(element("progress"), HasSubstr("<default>slicer</default>"));
  EXPECT_THAT(element("log_level"), HasSubstr("<default>warning</default>"));
  EXPECT_THAT(element("level"),
              HasSubstr("<default>one</default>")); // Slicer always passes a choice
  EXPECT_EQ(element("run_warnings").find("flag"), std::string::npos);
  EXPECT_EQ(common.progress, "auto"); // outside Slicer nothing changes
}

TEST_F(CommandLine, NegativeNumberIsAValueNotAnOption)
{
  EXPECT_THAT(Refusal({"in.nii", "--sigma", "-5"}), HasSubstr("outside [0, 10]"));
}

TEST_F(CommandLine, UnknownOptionNamesTheNearest)
{
  EXPECT_THAT(Refusal({"in.nii", "--sigmq", "1"}), HasSubstr("did you mean 'sigma'"));
  EXPECT_THAT(Refusal({"in.nii", "--sig", "1"}), HasSubstr("unknown option")); // no abbreviations
  EXPECT_THAT(Refusal({"in.nii", "--mode", "linaer"}), HasSubstr("did you mean 'linear'"));
}

TEST_F(CommandLine, MissingAndSuperfluousArgumentsAreRefused)
{
  EXPECT_THAT(Refusal({}), HasSubstr("--input is missing"));
  EXPECT_THAT(Refusal({"a.nii", "b.nii"}), HasSubstr("more arguments"));
  EXPECT_THAT(Refusal({"a.nii", "--sigma", "two"}), HasSubstr("'two' is not a valid number"));
  EXPECT_THAT(Refusal({"a.nii", "--sigma", "nan"}), HasSubstr("outside"));
}

TEST_F(CommandLine, FlagsWinOverEnvironmentOverConfiguration)
{
  const auto path = std::filesystem::temp_directory_path() / "sulcusCommandLineTest.json";
  std::ofstream(path) << R"({"input": "config.nii", "sigma": 3, "threads": 5, "seed": 7})";
  setenv("SULCUS_THREADS", "3", 1);
  Parse({"--config", path.string(), "--sigma", "4"});
  unsetenv("SULCUS_THREADS");
  EXPECT_EQ(options.input, "config.nii");
  EXPECT_DOUBLE_EQ(options.sigma, 4);
  EXPECT_EQ(common.threads, 3);
  EXPECT_EQ(common.seed, 7U);
  std::ofstream(path) << R"({"input": "config.nii", "sigmma": 3})";
  EXPECT_THAT(Refusal({"--config", path.string()}), HasSubstr("did you mean 'sigma'"));
  std::ofstream(path) << R"({"sigma": 3, "sigma": 4})";
  EXPECT_THAT(Refusal({"--config", path.string()}), HasSubstr("appears twice"));
  std::filesystem::remove(path);
}

TEST_F(CommandLine, SlicerDescriptionStartsAtTheFirstByteAndOffersOffSwitches)
{
  const auto xml = SlicerXml(program, parameters);
  EXPECT_EQ(xml.substr(0, 6), "<?xml ");
  EXPECT_THAT(xml, HasSubstr("<longflag>no_bias</longflag>"));
  EXPECT_THAT(xml, HasSubstr("<string-enumeration>"));
  EXPECT_THAT(xml, HasSubstr("<channel>input</channel>"));
  EXPECT_EQ(xml.find("<default>true</default>"), std::string::npos);
}

TEST_F(CommandLine, SchemaDescribesEveryParameter)
{
  const auto schema = nlohmann::json::parse(JsonSchema(program, parameters));
  for (const auto & parameter : parameters.All())
  {
    EXPECT_TRUE(schema["properties"].contains(parameter.Name())) << parameter.Name();
  }
  EXPECT_EQ(schema["properties"]["sigma"]["maximum"], 10);
  EXPECT_EQ(schema["additionalProperties"], false);
}

TEST_F(CommandLine, HelpNamesEveryParameterAndTheExample)
{
  const auto help = HelpText(program, parameters);
  for (const auto & parameter : parameters.All())
  {
    EXPECT_THAT(help, HasSubstr(parameter.Name()));
  }
  EXPECT_THAT(help, HasSubstr(program.example));
}

TEST(RunApplication, TurnsEachErrorIntoItsExitStatus)
{
  const auto statusOf = [](const std::function<void()> & body)
  {
    std::string name = "sulcus-test";
    char * argv[] = {name.data(), nullptr};
    return RunApplication(
        1, argv, {"test", "s", "", "e"}, [](Parameters &) {}, [&](RunContext &) { body(); });
  };
  EXPECT_EQ(statusOf([] {}), 0);
  EXPECT_EQ(statusOf([] { throw UsageError("x"); }), 2);
  EXPECT_EQ(statusOf([] { throw GeometryError("x"); }), 5);
  EXPECT_EQ(statusOf([] { throw ScopeError("x"); }), 9);
  EXPECT_EQ(statusOf([] { throw std::bad_alloc(); }), 6);
  EXPECT_EQ(statusOf([] { throw std::logic_error("x\nbacktrace"); }), 1);
}

} // namespace
