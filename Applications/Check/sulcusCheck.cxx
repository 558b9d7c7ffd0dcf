#include "sulcusDataSetDoctor.h"
#include <sulcusApplication.h>
#include <sulcusHtml.h>
#include <sulcusInterrupt.h>
#include <sulcusProgress.h>
#include <sulcusTable.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace
{

struct CheckOptions
{
  std::string dataSet;
  std::string tsv;
  std::string html;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "check";
  program.summary = "Look at a whole data set before anyone trains on it";
  program.details = "Finds unpaired files, unreadable or doubtful images, labels on another grid, "
                    "odd spacings and orientations, swapped "
                    "sides or label values, one subject in two splits, nearly identical images, "
                    "interpolated and undeclared label values, "
                    "empty labels, constant images, missing units and groups of intensity scales. "
                    "Each finding names what mends it. "
                    "Exit status 0: no fault; 7: faults found.";
  program.example = "sulcus-check data_set --html report.html";
  return program;
}

std::string
NameOf(sulcus::Severity severity)
{
  return severity == sulcus::Severity::Fault ? "fault" : "note";
}

sulcus::Table
TableOf(const std::vector<sulcus::Finding> & findings)
{
  sulcus::Table table({"severity", "check", "case", "finding", "mend"});
  for (const auto & finding : findings)
  {
    table.AddRow(
        {NameOf(finding.severity), finding.check, finding.subject, finding.what, finding.mend});
  }
  return table;
}

sulcus::Table
CasesTable(const std::vector<sulcus::CaseSummary> & summaries)
{
  sulcus::Table table(
      {"case", "size_voxels", "spacing_mm", "orientation", "median", "percentile99", "labels"});
  for (const auto & one : summaries)
  {
    std::string labels;
    for (const auto & [value, voxels] : one.labelVoxels)
    {
      labels += sulcus::Message(labels.empty() ? "" : " ", value, ":", voxels);
    }
    table.AddRow({one.name,
                  sulcus::Message(one.size[0], "x", one.size[1], "x", one.size[2]),
                  sulcus::Message(one.spacing[0], " ", one.spacing[1], " ", one.spacing[2]),
                  one.orientation,
                  one.median,
                  one.high,
                  labels});
  }
  return table;
}

void
WriteHtml(const CheckOptions & options,
          const std::vector<sulcus::Finding> & findings,
          const std::vector<sulcus::CaseSummary> & summaries,
          std::size_t faults,
          sulcus::Overwrite overwrite)
{
  sulcus::HtmlPage page("Data set check");
  page.AddParagraph(sulcus::Message(
      summaries.size(), " cases, ", faults, " faults, ", findings.size() - faults, " notes."));
  page.AddSection("Findings");
  page.AddTable(TableOf(findings));
  page.AddSection("Cases");
  page.AddTable(CasesTable(summaries));
  page.Write(options.html, overwrite);
}

void
Run(const CheckOptions & options,
    const sulcus::ReadSettings & settings,
    sulcus::RunContext & context)
{
  const auto set = sulcus::ReadDataSet(options.dataSet);
  if (context.common.dryRun)
  {
    return;
  }
  std::vector<sulcus::CaseSummary> summaries;
  sulcus::Progress progress("check", static_cast<double>(set.cases.size()));
  const auto findings = sulcus::ExamineDataSet(set,
                                               sulcus::ToReadOptions(settings),
                                               summaries,
                                               [&](std::size_t done, const std::string & name)
                                               {
                                                 sulcus::ThrowIfInterrupted();
                                                 progress.Update(static_cast<double>(done), name);
                                               });
  const auto faults = static_cast<std::size_t>(
      std::count_if(findings.begin(),
                    findings.end(),
                    [](const auto & f) { return f.severity == sulcus::Severity::Fault; }));
  if (options.tsv.empty())
  {
    std::fputs(sulcus::ToTsv(TableOf(findings)).c_str(), stdout);
  }
  else
  {
    sulcus::WriteTsv(options.tsv, TableOf(findings), context.OverwriteRule());
  }
  if (!options.html.empty())
  {
    WriteHtml(options, findings, summaries, faults, context.OverwriteRule());
  }
  context.record.Results()["cases"] = summaries.size();
  context.record.Results()["faults"] = faults;
  if (faults > 0)
  {
    throw sulcus::PartialError(
        sulcus::Message(options.dataSet, ": ", faults, " faults in ", summaries.size(), " cases"));
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  CheckOptions options;
  sulcus::ReadSettings settings;
  return sulcus::RunApplication(
      argc,
      argv,
      Program(),
      [&](sulcus::Parameters & visit)
      {
        visit("data_set",
              options.dataSet,
              "Manifest .tsv, or folder with imagesTr/labelsTr or images/labels.")
            .Kind(sulcus::ParameterKind::InputFolder)
            .Required()
            .Positional();
        visit("tsv", options.tsv, "Findings as a table; default: standard output.")
            .Kind(sulcus::ParameterKind::OutputFile);
        visit("html", options.html, "Findings and cases as one page.")
            .Kind(sulcus::ParameterKind::OutputFile);
        sulcus::Describe(visit, settings);
      },
      [&](sulcus::RunContext & context) { Run(options, settings, context); });
}
