#pragma once

#include <sulcusAtomicFile.h>
#include <sulcusParameters.h>
#include <sulcusRunRecord.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

namespace sulcus
{

/** What a program is, for `--help`, the Slicer description and the reference page. */
struct ProgramDescription
{
  std::string verb;    ///< "segment" for sulcus-segment
  std::string summary; ///< one line
  std::string details; ///< a paragraph or two
  std::string example; ///< a command that works, with made-up file names
  bool usesDevice = false;
  bool usesSeed = false;
};

/** Options that every program has; device and seed only where they mean something. */
struct CommonOptions
{
  std::string config;
  int threads = 0;
  std::string device = "auto";
  std::uint64_t seed = 0;
  std::string logLevel = "info";
  std::string logFile;
  std::string progress = "auto";
  std::string report;
  bool overwrite = false;
  bool dryRun = false;
};

/** What a running program needs beside its own options. */
struct RunContext
{
  CommonOptions common;
  RunRecord record;
  /** Where a program that Slicer started writes `name = value` lines; empty outside Slicer. */
  std::string returnParameterFile;
  /** Names of the options that the user gave, by command line or configuration file. */
  std::set<std::string> given;

  Overwrite
  OverwriteRule() const
  {
    return common.overwrite ? Overwrite::Allow : Overwrite::Refuse;
  }
};

/** The body of every `main`: parses, answers `--help`, `--version`, `--xml`, `--json_schema` and
 * `--reference`, sets up threads, log, progress and signals, calls `run`, writes the run record,
 * and turns every exception into one line on stderr and the documented exit status. \param describe
 * adds the program's own parameters to the table. */
int
RunApplication(int argc,
               char ** argv,
               const ProgramDescription & program,
               const std::function<void(Parameters &)> & describe,
               const std::function<void(RunContext &)> & run);

} // namespace sulcus
