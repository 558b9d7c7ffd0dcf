#include "sulcusCommandLine.h"

#include <sulcusConfigurationFile.h>
#include <sulcusError.h>

#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>

namespace sulcus
{
namespace
{

namespace options = boost::program_options;

/** `--max-iters=3` -> `--max_iters=3`; what is not a long option stays. */
std::string
WithUnderscores(const std::string & argument)
{
  if (argument.size() < 3 || !argument.starts_with("--"))
  {
    return argument;
  }
  std::string spelled = argument;
  const auto end = std::min(spelled.find('='), spelled.size());
  std::replace(spelled.begin() + 2, spelled.begin() + static_cast<std::ptrdiff_t>(end), '-', '_');
  return spelled;
}

bool
IsOnByDefault(const Parameter & parameter)
{
  return parameter.IsFlag() && parameter.DefaultText() == "true";
}

options::options_description
BoostDescription(const Parameters & parameters)
{
  options::options_description description;
  auto add = description.add_options();
  for (const auto & parameter : parameters.All())
  {
    const std::string spelling =
        parameter.Name() +
        (parameter.GetShort() != '\0' ? std::string(",") + parameter.GetShort() : "");
    if (parameter.IsFlag())
    {
      add(spelling.c_str(), options::value<std::vector<std::string>>()->zero_tokens(), "");
      if (IsOnByDefault(parameter))
      {
        add(("no_" + parameter.Name()).c_str(),
            options::value<std::vector<std::string>>()->zero_tokens(),
            "");
      }
    }
    else
    {
      add(spelling.c_str(), options::value<std::vector<std::string>>()->composing(), "");
    }
  }
  for (const char * request : {"help,h", "version", "xml", "json_schema", "reference_page", "echo"})
  {
    add(request, "");
  }
  add("returnparameterfile", options::value<std::string>(), "");
  add("processinformationaddress",
      options::value<std::string>(),
      ""); // Slicer passes it to some modules
  return description;
}

options::positional_options_description
BoostPositional(const Parameters & parameters)
{
  options::positional_options_description positional;
  for (const auto & parameter : parameters.All())
  {
    if (parameter.IsPositional())
    {
      positional.add(parameter.Name().c_str(), parameter.IsList() ? -1 : 1);
    }
  }
  return positional;
}

options::variables_map
Parse(const std::vector<std::string> & arguments, const Parameters & parameters)
{
  std::vector<std::string> spelled = arguments;
  const auto end =
      std::find(spelled.begin(), spelled.end(), "--"); // what follows is somebody else's
  std::transform(spelled.begin(), end, spelled.begin(), WithUnderscores);
  namespace style = options::command_line_style;
  options::variables_map values;
  const auto description = BoostDescription(parameters);
  const auto positional = BoostPositional(parameters);
  try
  {
    options::store(options::command_line_parser(spelled)
                       .options(description)
                       .positional(positional)
                       .style(style::unix_style & ~style::allow_guessing)
                       .run(),
                   values);
  }
  catch (const options::unknown_option & error)
  {
    std::string name = error.get_option_name();
    name.erase(0, name.find_first_not_of('-'));
    parameters.Require(name, "command line");
    throw UsageError(Message("unknown option '", error.get_option_name(), "'"));
  }
  catch (const options::too_many_positional_options_error &)
  {
    throw UsageError("more arguments without a name than this program takes; see --help");
  }
  catch (const options::error & error)
  {
    throw UsageError(error.what());
  }
  return values;
}

void
ApplyEnvironment(const Parameters & parameters)
{
  for (const auto & [variable, name] : {std::pair{"SULCUS_THREADS", "threads"},
                                        {"SULCUS_DEVICE", "device"},
                                        {"SULCUS_SEED", "seed"},
                                        {"SULCUS_LOG_LEVEL", "log_level"},
                                        {"SULCUS_PROGRESS", "progress"}})
  {
    const char * value = std::getenv(variable);
    const auto * parameter = parameters.Find(name);
    if (value != nullptr && *value != '\0' && parameter != nullptr)
    {
      parameter->SetText(value);
    }
  }
}

void
RequireAll(const Parameters & parameters,
           const options::variables_map & values,
           const nlohmann::json & config)
{
  for (const auto & parameter : parameters.All())
  {
    if (parameter.IsRequired() && values.count(parameter.Name()) == 0 &&
        !config.contains(parameter.Name()))
    {
      throw UsageError(Message("--", parameter.Name(), " is missing: ", parameter.Help()));
    }
  }
}

} // namespace

void
DescribeCommon(Parameters & visit, CommonOptions & o, const ProgramDescription & program)
{
  visit.Group("Common settings");
  visit("config", o.config, "JSON or TOML file with settings of this program; flags win over it.")
      .Kind(ParameterKind::InputFile);
  visit("threads", o.threads, "Threads; 0 uses all cores.").Range(0, 1024);
  if (program.usesDevice)
  {
    visit("device", o.device, "Where tensors live: auto, cpu, cuda or cuda:N.");
  }
  if (program.usesSeed)
  {
    visit("seed", o.seed, "Seed of every random draw.").Range(0);
  }
  visit("log_level", o.logLevel, "Least important messages shown.")
      .Choices({"debug", "info", "warning", "error", "quiet"});
  visit("log_file", o.logFile, "Also append messages to this file.")
      .Kind(ParameterKind::OutputFile)
      .Advanced();
  visit("progress", o.progress, "How progress is shown.")
      .Choices({"auto", "none", "bar", "slicer", "json"});
  visit("report",
        o.report,
        "Write a JSON record of this run: settings, hashes, times, memory, warnings.")
      .Kind(ParameterKind::OutputFile)
      .Advanced();
  visit("overwrite", o.overwrite, "Replace existing outputs.");
  visit("dry_run", o.dryRun, "Check everything, compute and write nothing.").Advanced();
}

CommandLineRequest
ParseCommandLine(const std::vector<std::string> & arguments,
                 Parameters & parameters,
                 const CommonOptions & common)
{
  const auto values = Parse(arguments, parameters);
  CommandLineRequest request;
  request.help = values.count("help") > 0;
  request.version = values.count("version") > 0;
  request.xml = values.count("xml") > 0;
  request.schema = values.count("json_schema") > 0;
  request.reference = values.count("reference_page") > 0;
  if (values.count("returnparameterfile") > 0)
  {
    request.returnParameterFile = values["returnparameterfile"].as<std::string>();
  }
  if (request.help || request.version || request.xml || request.schema || request.reference)
  {
    return request;
  }
  nlohmann::json config = nlohmann::json::object();
  if (values.count("config") > 0)
  {
    parameters.Require("config", "command line")
        .SetTexts(values["config"].as<std::vector<std::string>>());
    config = ReadConfigurationFile(common.config);
    parameters.SetJson(config, common.config);
  }
  ApplyEnvironment(parameters);
  for (const auto & parameter : parameters.All())
  {
    if (config.contains(parameter.Name()) || values.count(parameter.Name()) > 0 ||
        values.count("no_" + parameter.Name()) > 0)
    {
      request.given.insert(parameter.Name());
    }
    if (parameter.IsFlag())
    {
      const bool on = values.count(parameter.Name()) > 0;
      const bool off = IsOnByDefault(parameter) && values.count("no_" + parameter.Name()) > 0;
      if (on && off)
      {
        throw UsageError(Message(
            "--", parameter.Name(), " and --no_", parameter.Name(), " contradict each other"));
      }
      if (on || off)
      {
        parameter.SetText(on ? "true" : "false");
      }
    }
    else if (values.count(parameter.Name()) > 0)
    {
      parameter.SetTexts(values[parameter.Name()].as<std::vector<std::string>>());
    }
  }
  RequireAll(parameters, values, config);
  return request;
}

} // namespace sulcus
