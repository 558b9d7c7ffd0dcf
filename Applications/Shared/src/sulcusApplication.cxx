#include "sulcusApplication.h"

#include "sulcusCommandLine.h"
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusLog.h>
#include <sulcusProgress.h>
#include <sulcusThreads.h>

#include <fmt/format.h>

#include <clocale>
#include <cstdio>
#include <new>
#include <optional>
#include <sys/resource.h>

namespace sulcus
{
namespace
{

const char *
CodeName(ExitCode code)
{
  switch (code)
  {
  case ExitCode::Success:
    return "OK";
  case ExitCode::RuntimeFailure:
    return "E-RUNTIME";
  case ExitCode::Usage:
    return "E-USAGE";
  case ExitCode::DamagedInput:
    return "E-INPUT";
  case ExitCode::OutputNotWritten:
    return "E-OUTPUT";
  case ExitCode::GeometryRefused:
    return "E-GEOMETRY";
  case ExitCode::Resources:
    return "E-RESOURCES";
  case ExitCode::PartialFailure:
    return "E-PARTIAL";
  case ExitCode::ModelRefused:
    return "E-MODEL";
  case ExitCode::OutsideModelScope:
    return "E-SCOPE";
  case ExitCode::Interrupted:
  case ExitCode::Terminated:
    return "E-INTERRUPTED";
  }
  return "E-UNKNOWN";
}

/** The sentence in what another library threw: ITK puts file and line before it, LibTorch a
 * backtrace after it. */
std::string
Sentence(const std::string & what)
{
  static const std::string itkMark = "ITK ERROR: ";
  const auto mark = what.find(itkMark);
  const std::string after = mark == std::string::npos ? what : what.substr(mark + itkMark.size());
  return after.substr(0, after.find('\n'));
}

int
Report(const std::string & program, ExitCode code, const std::string & message)
{
  std::fputs(
      fmt::format("{}: error: {} [{}]\n", program, OneLine(message, 260), CodeName(code)).c_str(),
      stderr);
  return static_cast<int>(code);
}

void
SetUp(const CommonOptions & common)
{
  std::setlocale(LC_ALL, "C");
  const rlimit noCoreDumps{0, 0}; // they would hold image data
  setrlimit(RLIMIT_CORE, &noCoreDumps);
  InstallInterruptHandlers();
  SetThreadCount(common.threads);
  SetLogLevel(LogLevelFromName(common.logLevel));
  if (!common.logFile.empty())
  {
    SetLogFile(common.logFile);
  }
  SetProgressStyle(ProgressStyleFromName(common.progress));
}

/** The answer to --help and its like, or nothing if the program is to run. */
std::optional<std::string>
Answer(const CommandLineRequest & request,
       const ProgramDescription & program,
       const Parameters & parameters)
{
  if (request.help)
  {
    return HelpText(program, parameters);
  }
  if (request.version)
  {
    return fmt::format("sulcus-{} {}\n", program.verb, Version());
  }
  if (request.xml)
  {
    return SlicerXml(program, parameters);
  }
  if (request.schema)
  {
    return JsonSchema(program, parameters);
  }
  if (request.reference)
  {
    return ReferencePage(program, parameters);
  }
  return std::nullopt;
}

/** What Slicer shows after a run, one line a value. */
void
WriteReturnParameters(const std::string & file, RunRecord & record, double seconds)
{
  using Json = nlohmann::ordered_json;
  std::string warnings;
  for (const std::string & warning : CollectedWarnings())
  {
    warnings += (warnings.empty() ? "" : "; ") + warning;
  }
  AtomicWriteText(
      file,
      fmt::format(
          "run_seconds = {:.3f}\nrun_warnings = {}\nrun_results = {}\n",
          seconds,
          warnings.empty() ? "none" : OneLine(warnings, 2000),
          OneLine(record.Results().dump(-1, ' ', false, Json::error_handler_t::replace), 20000)),
      Overwrite::Allow);
}

void
ParseAndRun(const std::vector<std::string> & arguments,
            const ProgramDescription & program,
            const std::function<void(Parameters &)> & describe,
            const std::function<void(RunContext &)> & run)
{
  RunContext context{{}, RunRecord("sulcus-" + program.verb), {}, {}};
  Parameters parameters;
  describe(parameters);
  DescribeCommon(parameters, context.common, program);
  const auto request = ParseCommandLine(arguments, parameters, context.common);
  if (const auto answer = Answer(request, program, parameters))
  {
    std::fputs(answer->c_str(), stdout);
    return;
  }
  context.returnParameterFile = request.returnParameterFile;
  context.given = request.given;
  SetUp(context.common);
  context.record.SetSettings(parameters.ToJson());
  const Stopwatch watch;
  {
    std::optional<Progress> whole;
    if (context.common.progress == "slicer")
    {
      whole.emplace("sulcus-" + program.verb, 1.0); // also where the program itself shows none
      whole->Update(0.0);
    }
    run(context);
    if (whole)
    {
      whole->Update(1.0);
    }
  }
  if (!context.returnParameterFile.empty())
  {
    WriteReturnParameters(context.returnParameterFile, context.record, watch.Seconds());
  }
  if (!context.common.report.empty() && !context.common.dryRun)
  {
    AtomicWriteText(
        context.common.report, context.record.ToJson().dump(2) + "\n", context.OverwriteRule());
  }
}

} // namespace

int
RunApplication(int argc,
               char ** argv,
               const ProgramDescription & program,
               const std::function<void(Parameters &)> & describe,
               const std::function<void(RunContext &)> & run)
{
  const std::string name = "sulcus-" + program.verb;
  try
  {
    ParseAndRun(
        std::vector<std::string>(argv + std::min(argc, 1), argv + argc), program, describe, run);
    return std::fflush(stdout) == 0
               ? 0
               : Report(name, ExitCode::OutputNotWritten, "standard output could not be written");
  }
  catch (const Error & error)
  {
    return Report(name, error.Code(), error.what());
  }
  catch (const std::bad_alloc &)
  {
    return Report(name, ExitCode::Resources, "out of memory");
  }
  catch (const std::exception & error)
  {
    return Report(name, ExitCode::RuntimeFailure, Sentence(error.what()));
  }
}

} // namespace sulcus
