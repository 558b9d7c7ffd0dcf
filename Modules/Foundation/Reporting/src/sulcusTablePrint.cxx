#include "sulcusTable.h"

#include <algorithm>

namespace sulcus
{
namespace
{

/** Characters, not bytes: continuation bytes of UTF-8 are not counted. */
std::size_t
ShownWidth(const std::string & text)
{
  return static_cast<std::size_t>(
      std::count_if(text.begin(),
                    text.end(),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string
Padded(const std::string & text, std::size_t width, bool toTheRight)
{
  const std::string blanks(width - std::min(width, ShownWidth(text)), ' ');
  return toTheRight ? blanks + text : text + blanks;
}

/** Heading and rows as texts, with the width and the side of every column. */
struct Layout
{
  std::vector<std::vector<std::string>> lines;
  std::vector<std::size_t> widths;
  std::vector<bool> toTheRight;
};

Layout
LayOut(const Table & table, const NumberFormat & format, std::string (*escape)(const std::string &))
{
  Layout layout;
  layout.lines.emplace_back();
  for (const auto & name : table.Columns())
  {
    layout.lines.front().push_back(escape(name));
  }
  for (const auto & row : table.Rows())
  {
    auto & line = layout.lines.emplace_back();
    for (const auto & cell : row)
    {
      line.push_back(escape(ToText(cell, format)));
    }
  }
  for (std::size_t c = 0; c < table.Columns().size(); ++c)
  {
    std::size_t width = 3;
    for (const auto & line : layout.lines)
    {
      width = std::max(width, ShownWidth(line[c]));
    }
    layout.widths.push_back(width);
    layout.toTheRight.push_back(table.RowCount() > 0 && table.IsNumeric(c));
  }
  return layout;
}

std::string
EscapeMarkdown(const std::string & text)
{
  std::string escaped;
  for (const char c : text)
  {
    if (c == '|')
    {
      escaped += '\\';
    }
    escaped += (c == '\n' || c == '\r' || c == '\t') ? ' ' : c;
  }
  return escaped;
}

std::string
EscapePlain(const std::string & text)
{
  std::string escaped = text;
  std::replace_if(
      escaped.begin(),
      escaped.end(),
      [](char c) { return static_cast<unsigned char>(c) < 32; },
      ' ');
  return escaped;
}

} // namespace

std::string
ToMarkdown(const Table & table, const NumberFormat & format)
{
  const auto layout = LayOut(table, format, EscapeMarkdown);
  std::string text;
  for (std::size_t l = 0; l < layout.lines.size(); ++l)
  {
    text += '|';
    for (std::size_t c = 0; c < layout.widths.size(); ++c)
    {
      text += ' ' + Padded(layout.lines[l][c], layout.widths[c], layout.toTheRight[c]) + " |";
    }
    text += '\n';
    if (l == 0)
    {
      text += '|';
      for (std::size_t c = 0; c < layout.widths.size(); ++c)
      {
        const std::string rule(layout.widths[c], '-');
        text += ' ' + (layout.toTheRight[c] ? rule.substr(1) + ':' : rule) + " |";
      }
      text += '\n';
    }
  }
  return text;
}

std::string
ToPlainText(const Table & table, const NumberFormat & format)
{
  const auto layout = LayOut(table, format, EscapePlain);
  std::string text;
  for (const auto & line : layout.lines)
  {
    std::string shown;
    for (std::size_t c = 0; c < layout.widths.size(); ++c)
    {
      shown += (c ? "  " : "") + Padded(line[c], layout.widths[c], layout.toTheRight[c]);
    }
    shown.erase(shown.find_last_not_of(' ') + 1);
    text += shown + '\n';
  }
  return text;
}

} // namespace sulcus
