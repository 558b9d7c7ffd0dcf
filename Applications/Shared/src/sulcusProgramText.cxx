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

/** Group titles in the order of their first parameter. */
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

std::string
XmlEscaped(const std::string & text)
{
  std::string escaped;
  for (const char c : text)
  {
    switch (c)
    {
    case '&':
      escaped += "&amp;";
      break;
    case '<':
      escaped += "&lt;";
      break;
    case '>':
      escaped += "&gt;";
      break;
    case '"':
      escaped += "'"; // Slicer replaces it anyway
      break;
    default:
      escaped += c;
    }
  }
  return escaped;
}

struct XmlElement
{
  std::string tag;
  std::string attributes;
  std::string channel;
};

XmlElement
XmlElementOf(const Parameter & parameter)
{
  const std::string multiple = parameter.IsList() ? " multiple=\"true\"" : "";
  switch (parameter.GetKind())
  {
  case ParameterKind::InputImage:
    return {"image", multiple, "input"};
  case ParameterKind::InputLabelMap:
    return {"image", multiple + " type=\"label\"", "input"};
  case ParameterKind::OutputImage:
    return {"image", multiple, "output"};
  case ParameterKind::OutputLabelMap:
    return {"image", multiple + " type=\"label\"", "output"};
  case ParameterKind::InputFile:
    return {"file", multiple, "input"};
  case ParameterKind::OutputFile:
    return {"file", multiple, "output"};
  case ParameterKind::InputFolder:
    return {"directory", multiple, "input"};
  case ParameterKind::OutputFolder:
    return {"directory", multiple, "output"};
  case ParameterKind::Plain:
    break;
  }
  const std::string type = parameter.TypeName();
  if (type == "flag")
  {
    return {"boolean", "", ""};
  }
  if (type == "numbers" || type == "integers" || type == "texts")
  {
    return {type == "numbers"    ? "double-vector"
            : type == "integers" ? "integer-vector"
                                 : "string-vector",
            "",
            ""};
  }
  const std::string base = type == "number" ? "double" : type == "integer" ? "integer" : "string";
  return {parameter.GetChoices().empty() ? base : base + "-enumeration", "", ""};
}

std::string
XmlParameter(const Parameter & parameter)
{
  const auto element = XmlElementOf(parameter);
  const bool on = parameter.IsFlag() &&
                  parameter.DefaultText() == "true"; // a Slicer flag can only be switched on
  const std::string name = (on ? "no_" : "") + parameter.Name();
  std::string xml =
      fmt::format("    <{}{}>\n      <name>{}</name>\n      <longflag>{}</longflag>\n",
                  element.tag,
                  element.attributes,
                  name,
                  name);
  std::string label = name;
  std::replace(label.begin(), label.end(), '_', ' ');
  label[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(label[0])));
  xml += fmt::format("      <label>{}</label>\n      <description><![CDATA[{}{}]]></description>\n",
                     label,
                     on ? "Switch off: " : "",
                     parameter.Help());
  if (!element.channel.empty())
  {
    xml += fmt::format("      <channel>{}</channel>\n", element.channel);
  }
  else if (parameter.IsFlag())
  {
    xml += "      <default>false</default>\n";
  }
  else if (!parameter.IsList() || !parameter.DefaultText().empty())
  {
    xml += fmt::format("      <default>{}</default>\n", XmlEscaped(parameter.DefaultText()));
  }
  for (const auto & choice : parameter.GetChoices())
  {
    xml += fmt::format("      <element>{}</element>\n", XmlEscaped(choice));
  }
  const auto & range = parameter.GetRange();
  if (range && !parameter.IsList() && parameter.GetChoices().empty())
  {
    xml += fmt::format(
        "      <constraints><minimum>{}</minimum>{}</constraints>\n",
        range->first,
        std::isinf(range->second) ? "" : fmt::format("<maximum>{}</maximum>", range->second));
  }
  return xml + fmt::format("    </{}>\n", element.tag);
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
  text += "\nAlso: --help --version --xml --json_schema --reference_page. Hyphens and underscores are "
          "the same.\n"
          "Exit status: 0 done, 1 failed, 2 usage, 3 input damaged, 4 output not written, 5 "
          "geometry refused,\n"
          "6 memory, device or display, 7 some cases failed, 8 model refused, 9 outside the "
          "model's scope, 130/143 interrupted.\n";
  return text;
}

std::string
SlicerXml(const ProgramDescription & program, const Parameters & parameters)
{
  std::string title = program.verb;
  title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  std::string xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<executable>\n  "
                    "<category>Segmentation.Sulcus</category>\n";
  xml += fmt::format("  <title>Sulcus {}</title>\n  <description><![CDATA[{}]]></description>\n  "
                     "<version>{}</version>\n",
                     title,
                     program.summary,
                     Version());
  xml += "  <license>Apache-2.0</license>\n  <contributor>The Sulcus developers</contributor>\n";
  for (const auto & group : GroupsOf(parameters))
  {
    for (const bool advanced : {false, true})
    {
      std::string inside;
      for (const auto & parameter : parameters.All())
      {
        inside += parameter.Group() == group && parameter.IsAdvanced() == advanced
                      ? XmlParameter(parameter)
                      : "";
      }
      if (!inside.empty())
      {
        xml += fmt::format("  <parameters{}>\n    <label>{}{}</label>\n    "
                           "<description>{}</description>\n{}  </parameters>\n",
                           advanced ? " advanced=\"true\"" : "",
                           XmlEscaped(group),
                           advanced ? " (advanced)" : "",
                           XmlEscaped(group),
                           inside);
      }
    }
  }
  return xml + "</executable>\n";
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
