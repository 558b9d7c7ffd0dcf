#include "sulcusCasePicture.h"
#include "sulcusStudyReport.h"
#include <sulcusError.h>
#include <sulcusMain.h>
#include <sulcusRunRecord.h>

#include <fmt/format.h>

#include <cstdio>

namespace
{

using namespace sulcus;
namespace fs = std::filesystem;

struct ReportSettings
{
  std::string study;
  std::string output;
  bool verify = false;
  StudyReportOptions page;
};

ProgramDescription
Program()
{
  ProgramDescription program;
  program.verb = "report";
  program.summary = "One page about a study, or a check of every file in its manifest";
  program.details =
      "Reads the folder of a study (sulcus-study) and writes one HTML file that opens offline: "
      "scores of all methods with their comparison, the worst cases, a table of all cases that "
      "sorts, Bland-Altman charts of volumes, calibration, training curves, annotators, findings "
      "of the check, and how everything was made, with the SHA-256 of every file. With --verify "
      "nothing is written: every file is hashed again and what differs is listed (exit status 3).";
  program.example = "sulcus-report study --output report.html";
  return program;
}

void
Describe(Parameters & visit, ReportSettings & s)
{
  visit("study", s.study, "Folder of the study.")
      .Kind(ParameterKind::InputFolder)
      .Required()
      .Positional();
  visit("output", s.output, "The page; default: report.html in the study's folder.")
      .Kind(ParameterKind::OutputFile)
      .Short('o');
  visit("worst_cases", s.page.worstCases, "Cases that are shown one by one, worst first.")
      .Range(0, 1000);
  visit("verify", s.verify, "Only compare every file with the hash in the study's manifest.");
}

void
Print(const std::string & text)
{
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/** \throws InputError if a file differs */
void
Verify(const fs::path & folder)
{
  const auto check = CheckManifest(StudyManifest(folder), folder);
  Print(ToText(check));
  RequireNoDifference(check, folder);
  Print(Message(check.files, " files are what the manifest says\n"));
}

void
Run(const ReportSettings & settings, RunContext & context)
{
  const fs::path folder = settings.study;
  const auto results = ReadStudyResults(folder);
  if (settings.verify)
  {
    Verify(folder);
    return;
  }
  const fs::path output =
      settings.output.empty() ? folder / "report.html" : fs::path(settings.output);
  if (fs::exists(output) && context.OverwriteRule() == Overwrite::Refuse)
  {
    throw OutputError(Message(output.string(), ": exists; --overwrite replaces it"));
  }
  const auto page = StudyPage(results,
                              settings.page,
                              [labels = NamedLabels(folder)](const ReportedCase & reported)
                              { return CasePicture(reported, labels); });
  if (context.common.dryRun)
  {
    return;
  }
  page.Write(output, context.OverwriteRule());
  context.record.AddOutput(output);
}

} // namespace

int
main(int argc, char ** argv)
{
  ReportSettings settings;
  return RunApplicationWith(argc, argv, Program(), settings, Run);
}
