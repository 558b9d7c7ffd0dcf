#include "sulcusCommandLine.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sulcus
{
namespace
{

std::string
Joined(const std::vector<std::string> & texts, const std::string & separator)
{
  std::string joined;
  for (const auto & text : texts)
  {
    joined += (joined.empty() ? "" : separator) + text;
  }
  return joined;
}

/** Words broken into lines, continued at the given indentation. */
std::string
Wrapped(const std::string & text, std::size_t indentation, std::size_t width)
{
  std::string lines;
  std::size_t column = indentation;
  std::size_t begin = 0;
  while (begin < text.size())
  {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (column + word.size() + 1 > width && column > indentation)
    {
      lines += "\n" + std::string(indentation, ' ');
      column = indentation;
    }
    lines += (column > indentation ? " " : "") + word;
    column += word.size() + 1;
    begin = end + 1;
  }
  return lines;
}

std::string
Accepted(const Parameter & parameter)
{
  if (!parameter.GetChoices().empty())
  {
    return Joined(parameter.GetChoices(), ", ");
  }
  if (const auto & range = parameter.GetRange())
  {
    return std::isinf(range->second) ? fmt::format("≥ {}", range->first)
                                     : fmt::format("{} to {}", range->first, range->second);
  }
  return "";
}

std::string
HelpLine(const Parameter & parameter)
{
  const bool on = parameter.IsFlag() && parameter.DefaultText() == "true";
  std::string flag = fmt::format("--{}{}", on ? "no_" : "", parameter.Name());
  if (parameter.GetShort() != '\0')
  {
    flag = fmt::format("-{}, {}", parameter.GetShort(), flag);
  }
  if (!parameter.IsFlag())
  {
    flag += fmt::format(" <{}>", parameter.TypeName());
  }
  std::vector<std::string> notes;
  if (const auto accepted = Accepted(parameter); !accepted.empty())
  {
    notes.push_back(accepted);
  }
  if (parameter.IsRequired())
  {
    notes.emplace_back("required");
  }
  else if (!parameter.IsFlag() && !parameter.DefaultText().empty())
  {
    notes.push_back("default " + parameter.DefaultText());
  }
  const std::string help = (on ? "Switch off: " : "") + parameter.Help() +
                           (notes.empty() ? "" : " [" + Joined(notes, "; ") + "]");
  const std::string lead = fmt::format("  {:<28}", flag);
  return lead + (lead.size() > 30 ? "\n" + std::string(30, ' ') : "") + Wrapped(help, 30, 100) +
         "\n";
}

std::string
UsageLine(const ProgramDescription & program, const Parameters & parameters)
{
  std::string line = "sulcus-" + program.verb;
  for (const auto & parameter : parameters.All())
  {
    if (parameter.IsPositional())
    {
      const std::string name = parameter.Name() + (parameter.IsList() ? "…" : "");
      line += parameter.IsRequired() ? " <" + name + ">" : " [" + name + "]";
    }
    else if (parameter.IsRequired())
    {
      line += fmt::format(" --{} <{}>", parameter.Name(), parameter.TypeName());
    }
  }
  return line + " [options]";
}

nlohmann::ordered_json
SchemaOf(const Parameter & parameter)
{
  const std::string type = parameter.TypeName();
  nlohmann::ordered_json scalar;
  scalar["type"] = type.starts_with("integer")  ? "integer"
                   : type.starts_with("number") ? "number"
                   : type == "flag"             ? "boolean"
                                                : "string";
  if (!parameter.GetChoices().empty())
  {
    scalar["enum"] = parameter.GetChoices();
  }
  if (const auto & range = parameter.GetRange())
  {
    scalar["minimum"] = range->first;
    if (!std::isinf(range->second))
    {
      scalar["maximum"] = range->second;
    }
  }
  nlohmann::ordered_json schema =
      parameter.IsList() ? nlohmann::ordered_json{{"type", "array"}, {"items", scalar}} : scalar;
  schema["description"] = parameter.Help();
  schema["default"] = parameter.ToJson();
  return schema;
}

} // namespace

std::vector<std::string>
GroupsOf(const Parameters & parameters)
{
  std::vector<std::string> groups;
  for (const auto & parameter : parameters.All())
  {
    if (std::find(groups.begin(), groups.end(), parameter.Group()) == groups.end())
    {
      groups.push_back(parameter.Group());
    }
  }
  return groups;
}

std::string
HelpText(const ProgramDescription & program, const Parameters & parameters)
{
  std::string text = fmt::format("sulcus-{}: {}\n\n", program.verb, program.summary);
  text += fmt::format("Usage: {}\n\n", UsageLine(program, parameters));
  if (!program.details.empty())
  {
    text += Wrapped(program.details, 0, 100) + "\n\n";
  }
  text += "Example:\n  " + program.example + "\n";
  for (const auto & group : GroupsOf(parameters))
  {
    text += fmt::format("\n{}:\n", group);
    for (const auto & parameter : parameters.All())
    {
      text += parameter.Group() == group ? HelpLine(parameter) : "";
    }
  }
  text +=
      "\nAlso: --help --version --xml --json_schema --reference_page. Hyphens and underscores are "
      "the same.\n"
      "Exit status: 0 done, 1 failed, 2 usage, 3 input damaged, 4 output not written, 5 "
      "geometry refused,\n"
      "6 memory, device or display, 7 some cases failed, 8 model refused, 9 outside the "
      "model's scope, 130/143 interrupted.\n";
  return text;
}

std::string
JsonSchema(const ProgramDescription & program, const Parameters & parameters)
{
  nlohmann::ordered_json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                                {"title", "Settings of sulcus-" + program.verb},
                                {"type", "object"},
                                {"additionalProperties", false}};
  for (const auto & parameter : parameters.All())
  {
    schema["properties"][parameter.Name()] = SchemaOf(parameter);
  }
  return schema.dump(2) + "\n";
}

std::string
ReferencePage(const ProgramDescription & program, const Parameters & parameters)
{
  std::string page = fmt::format("# sulcus-{}\n\n{}\n\n", program.verb, program.summary);
  page += program.details.empty() ? "" : program.details + "\n\n";
  page += fmt::format("```\n{}\n```\n\nExample:\n\n```\n{}\n```\n",
                      UsageLine(program, parameters),
                      program.example);
  for (const auto & group : GroupsOf(parameters))
  {
    page += fmt::format(
        "\n## {}\n\n| Option | Type | Default | Accepted | Meaning |\n|---|---|---|---|---|\n",
        group);
    for (const auto & parameter : parameters.All())
    {
      if (parameter.Group() == group)
      {
        page += fmt::format("| `--{}`{} | {} | {} | {} | {} |\n",
                            parameter.Name(),
                            parameter.IsPositional() ? " (also without its name)" : "",
                            parameter.TypeName(),
                            parameter.IsRequired() ? "required" : parameter.DefaultText(),
                            Accepted(parameter),
                            parameter.Help());
      }
    }
  }
  return page;
}

} // namespace sulcus
