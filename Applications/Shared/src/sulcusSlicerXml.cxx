#include "sulcusCommandLine.h"
#include <sulcusMarkup.h>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace sulcus
{
namespace
{

/** What every program tells Slicer after a run, written by RunApplication. Slicer passes
 * --returnparameterfile only if such parameters are declared: outputs without flag and index. */
const std::string returnParameters =
    "  <parameters>\n    <label>Result</label>\n    <description>What the run "
    "reports</description>\n"
    "    <double>\n      <name>run_seconds</name>\n      <label>Seconds</label>\n"
    "      <description>Duration of the run</description>\n      <channel>output</channel>\n"
    "      <default>0</default>\n    </double>\n"
    "    <string>\n      <name>run_warnings</name>\n      <label>Warnings</label>\n"
    "      <description>Warnings of the run, or 'none'</description>\n"
    "      <channel>output</channel>\n      <default></default>\n    </string>\n"
    "    <string>\n      <name>run_results</name>\n      <label>Results</label>\n"
    "      <description>Figures of the run as JSON</description>\n"
    "      <channel>output</channel>\n      <default></default>\n    </string>\n  </parameters>\n";

/** Slicer replaces double quotes by single ones anyway. */
std::string
XmlEscaped(std::string text)
{
  std::replace(text.begin(), text.end(), '"', '\'');
  return EscapeMarkup(text);
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

/** Slicer passes every choice, also an untouched one. It wants progress as tags on standard output,
 * and takes every line on standard error for a fault. */
std::string
DefaultInSlicer(const Parameter & parameter)
{
  if (parameter.Name() == "progress")
  {
    return "slicer";
  }
  if (parameter.Name() == "log_level")
  {
    return "warning";
  }
  const bool needsOne = parameter.DefaultText().empty() && !parameter.GetChoices().empty();
  return needsOne ? parameter.GetChoices().front() : parameter.DefaultText();
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
    xml += fmt::format("      <default>{}</default>\n", XmlEscaped(DefaultInSlicer(parameter)));
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

} // namespace

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
  return xml + returnParameters + "</executable>\n";
}

} // namespace sulcus
