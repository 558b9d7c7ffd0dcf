#include "sulcusTable.h"
#include <sulcusError.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sulcus
{
namespace
{

std::vector<std::string_view>
Split(std::string_view text, char separator)
{
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;)
  {
    const auto end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos)
    {
      return parts;
    }
    begin = end + 1;
  }
}

bool
IsMissingText(std::string_view text)
{
  return text.empty() || text == "n/a";
}

/** A whole number that prints back as it was written: "7" and "-3", not "007" or "+7". */
std::optional<std::int64_t>
WholeNumber(std::string_view text)
{
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(value) != text)
  {
    return std::nullopt;
  }
  return value;
}

std::optional<double>
Number(std::string_view text)
{
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
  {
    return std::nullopt; // an identifier such as 007 or 01.5
  }
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
  {
    return std::nullopt;
  }
  return value;
}

/** Types a column as the narrowest kind that all its cells fit. */
void
InferColumn(std::vector<Table::Row> & rows, std::size_t column)
{
  const auto all = [&](auto && accepts)
  {
    return std::all_of(rows.begin(),
                       rows.end(),
                       [&](const Table::Row & row) {
                         return IsMissing(row[column]) ||
                                accepts(std::get<std::string>(row[column]));
                       });
  };
  const bool whole = all([](const std::string & text) { return WholeNumber(text).has_value(); });
  if (!whole && !all([](const std::string & text) { return Number(text).has_value(); }))
  {
    return;
  }
  for (auto & row : rows)
  {
    if (!IsMissing(row[column]))
    {
      const auto & text = std::get<std::string>(row[column]);
      row[column] = whole ? Cell(*WholeNumber(text)) : Cell(*Number(text));
    }
  }
}

Table
TableOfHeading(std::string_view line, std::string_view origin)
{
  std::vector<std::string> names;
  for (const auto name : Split(line, '\t'))
  {
    names.emplace_back(name);
  }
  try
  {
    return Table(names);
  }
  catch (const UsageError & error)
  {
    throw InputError(Message(origin, ": line 1: ", error.what()));
  }
}

} // namespace

std::string
ToTsv(const Table & table)
{
  std::string tsv;
  const auto addCell = [&tsv](const std::string & text, bool last)
  {
    if (text.find_first_of(std::string_view("\t\r\n\0", 4)) != std::string::npos)
    {
      throw UsageError("a text with a tab or a line break cannot be stored in a TSV table");
    }
    tsv += text;
    tsv += last ? '\n' : '\t';
  };
  const auto width = table.Columns().size();
  for (std::size_t c = 0; c < width; ++c)
  {
    addCell(table.Columns()[c], c + 1 == width);
  }
  for (const auto & row : table.Rows())
  {
    for (std::size_t c = 0; c < width; ++c)
    {
      const auto text = ToText(row[c]);
      addCell(text.empty() ? "n/a" : text, c + 1 == width);
    }
  }
  return tsv;
}

std::string
WriteTsv(const std::filesystem::path & path, const Table & table, Overwrite overwrite)
{
  return AtomicWriteText(path, ToTsv(table), overwrite);
}

Table
ParseTsv(std::string_view text, std::string_view origin, CellTyping typing)
{
  if (text.find('\0') != std::string_view::npos)
  {
    throw InputError(Message(origin, ": not a text file (it holds a NUL byte)"));
  }
  if (text.starts_with("\xEF\xBB\xBF"))
  {
    text.remove_prefix(3);
  }
  auto lines = Split(text, '\n');
  for (auto & line : lines)
  {
    if (line.ends_with('\r'))
    {
      line.remove_suffix(1);
    }
  }
  while (!lines.empty() && lines.back().empty())
  {
    lines.pop_back();
  }
  if (lines.empty())
  {
    throw InputError(Message(origin, ": empty, expected a heading line of column names"));
  }
  Table heading = TableOfHeading(lines.front(), origin);
  const auto width = heading.Columns().size();
  std::vector<Table::Row> rows;
  for (std::size_t l = 1; l < lines.size(); ++l)
  {
    const auto parts = Split(lines[l], '\t');
    if (parts.size() != width)
    {
      throw InputError(Message(origin,
                               ": line ",
                               l + 1,
                               ": expected ",
                               width,
                               " cells as in the heading, found ",
                               parts.size()));
    }
    Table::Row row;
    for (const auto part : parts)
    {
      row.push_back(IsMissingText(part) ? Cell() : Cell(std::string(part)));
    }
    rows.push_back(std::move(row));
  }
  for (std::size_t c = 0; c < width && typing == CellTyping::Infer; ++c)
  {
    InferColumn(rows, c);
  }
  for (auto & row : rows)
  {
    heading.AddRow(std::move(row));
  }
  return heading;
}

Table
ReadTsv(const std::filesystem::path & path, CellTyping typing)
{
  return ParseTsv(ReadTextFile(path), path.string(), typing);
}

} // namespace sulcus
