#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace sulcus
{

/** The settings of a program as it describes them itself (`--json_schema`). */
class ProgramSchema
{
public:
  /** \param programs  folder of the programs. \throws UsageError if there is no such program */
  ProgramSchema(const std::filesystem::path & programs, const std::string & verb);

  /** Names that the parameter of that name may be set to, e.g. of training methods. */
  std::vector<std::string>
  ChoicesOf(const std::string & parameter) const;

  /** Refuses what the program would refuse, before anything runs. \param reserved  parameters that
   * the study sets itself. \param origin  e.g. "train". \returns the settings, with lists written
   * as texts ("x,y") taken apart. \throws UsageError naming the key (and the nearest), or what is
   * accepted. */
  nlohmann::ordered_json
  Checked(const nlohmann::ordered_json & settings,
          const std::set<std::string> & reserved,
          const std::string & origin) const;

private:
  std::string m_Verb;
  nlohmann::json m_Properties;
};

} // namespace sulcus
