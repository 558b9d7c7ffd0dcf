#pragma once

#include "sulcusApplication.h"

#include <set>
#include <string>
#include <vector>

namespace sulcus
{

/** Requests that are answered without running. */
struct CommandLineRequest
{
  bool help = false;
  bool version = false;
  bool xml = false;
  bool schema = false;
  bool reference = false;
  std::string returnParameterFile;
  std::set<std::string> given; ///< options named by command line or configuration file
};

/** Describes the common options. */
void
DescribeCommon(Parameters & visit, CommonOptions & options, const ProgramDescription & program);

/** Sets the table's values from the command line; the configuration file named by `--config` and
 * the environment (SULCUS_THREADS, SULCUS_DEVICE, SULCUS_SEED, SULCUS_LOG_LEVEL, SULCUS_PROGRESS)
 * come first, flags win. Hyphens and underscores are the same; abbreviations are not accepted; a
 * flag whose default is on is switched off by `--no_<name>`. \throws UsageError that names the
 * nearest option. */
CommandLineRequest
ParseCommandLine(const std::vector<std::string> & arguments,
                 Parameters & parameters,
                 const CommonOptions & common);

/** Group titles in the order of their first parameter. */
std::vector<std::string>
GroupsOf(const Parameters & parameters);

std::string
HelpText(const ProgramDescription & program, const Parameters & parameters);
/** Slicer execution model description (XML), with the return parameters that RunApplication
 * writes. Progress as tags and a quiet standard error are its defaults. */
std::string
SlicerXml(const ProgramDescription & program, const Parameters & parameters);
/** JSON schema (draft 2020-12) of the configuration file. */
std::string
JsonSchema(const ProgramDescription & program, const Parameters & parameters);
/** Reference page in Markdown. */
std::string
ReferencePage(const ProgramDescription & program, const Parameters & parameters);

} // namespace sulcus
