#include "sulcusTable.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sulcus
{

bool
IsMissing(const Cell & cell)
{
  if (const auto * number = std::get_if<double>(&cell))
  {
    return std::isnan(*number);
  }
  return std::holds_alternative<std::monostate>(cell);
}

double
NumberIn(const Cell & cell)
{
  if (const auto * whole = std::get_if<std::int64_t>(&cell))
  {
    return static_cast<double>(*whole);
  }
  if (const auto * number = std::get_if<double>(&cell))
  {
    return *number;
  }
  if (const auto * text = std::get_if<std::string>(&cell))
  {
    throw UsageError(Message("expected a number, found the text '", *text, "'"));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string
ToText(const Cell & cell)
{
  if (IsMissing(cell))
  {
    return "n/a";
  }
  if (const auto * whole = std::get_if<std::int64_t>(&cell))
  {
    return std::to_string(*whole);
  }
  if (const auto * number = std::get_if<double>(&cell))
  {
    return fmt::format("{}", *number);
  }
  return std::get<std::string>(cell);
}

std::string
ToText(const Cell & cell, const NumberFormat & format)
{
  const auto * number = std::get_if<double>(&cell);
  if (!number || !std::isfinite(*number))
  {
    return ToText(cell);
  }
  const double size = std::abs(*number);
  if (size != 0.0 && (size < 1e-4 || size >= 1e7))
  {
    return fmt::format("{:.{}e}", *number, format.significantDigits - 1);
  }
  const int before = size < 1.0 ? 1 : static_cast<int>(std::floor(std::log10(size))) + 1;
  return fmt::format("{:.{}f}", *number, std::max(0, format.significantDigits - before));
}

Table::Table(std::vector<std::string> columns) : m_Columns(std::move(columns))
{
  for (std::size_t c = 0; c < m_Columns.size(); ++c)
  {
    if (m_Columns[c].empty())
    {
      throw UsageError(Message("column ", c + 1, " of a table has no name"));
    }
    if (std::find(m_Columns.begin(), m_Columns.begin() + c, m_Columns[c]) != m_Columns.begin() + c)
    {
      throw UsageError(Message("the table has two columns named '", m_Columns[c], "'"));
    }
  }
}

void
Table::AddRow(Row row)
{
  if (row.size() != m_Columns.size())
  {
    throw UsageError(
        Message("a row of ", row.size(), " cells for a table of ", m_Columns.size(), " columns"));
  }
  m_Rows.push_back(std::move(row));
}

bool
Table::HasColumn(std::string_view name) const
{
  return std::find(m_Columns.begin(), m_Columns.end(), name) != m_Columns.end();
}

std::size_t
Table::ColumnIndex(std::string_view name) const
{
  const auto found = std::find(m_Columns.begin(), m_Columns.end(), name);
  if (found == m_Columns.end())
  {
    throw UsageError(
        Message("the table has no column '", name, "'; ", SuggestName(name, m_Columns)));
  }
  return static_cast<std::size_t>(found - m_Columns.begin());
}

const Cell &
Table::At(std::size_t row, std::string_view column) const
{
  return m_Rows.at(row)[ColumnIndex(column)];
}

void
Table::Set(std::size_t row, std::string_view column, Cell value)
{
  m_Rows.at(row)[ColumnIndex(column)] = std::move(value);
}

std::vector<double>
Table::Numbers(std::string_view column) const
{
  const auto c = ColumnIndex(column);
  std::vector<double> numbers;
  numbers.reserve(m_Rows.size());
  for (const auto & row : m_Rows)
  {
    if (std::holds_alternative<std::string>(row[c]))
    {
      throw UsageError(Message("column '", column, "' holds '", ToText(row[c]), "', no number"));
    }
    numbers.push_back(NumberIn(row[c]));
  }
  return numbers;
}

std::vector<std::string>
Table::Texts(std::string_view column) const
{
  const auto c = ColumnIndex(column);
  std::vector<std::string> texts;
  texts.reserve(m_Rows.size());
  for (const auto & row : m_Rows)
  {
    texts.push_back(ToText(row[c]));
  }
  return texts;
}

bool
Table::IsNumeric(std::size_t column) const
{
  return std::none_of(m_Rows.begin(),
                      m_Rows.end(),
                      [column](const Row & row)
                      { return std::holds_alternative<std::string>(row[column]); });
}

void
Table::SortBy(std::string_view column, bool descending)
{
  const auto c = ColumnIndex(column);
  const auto rank = [c](const Row & row) {
    return IsMissing(row[c]) ? 2 : std::holds_alternative<std::string>(row[c]) ? 1 : 0;
  };
  const auto less = [c](const Row & a, const Row & b)
  {
    if (std::holds_alternative<std::string>(a[c]))
    {
      return std::get<std::string>(a[c]) < std::get<std::string>(b[c]);
    }
    return NumberIn(a[c]) < NumberIn(b[c]);
  };
  std::stable_sort(m_Rows.begin(),
                   m_Rows.end(),
                   [&](const Row & a, const Row & b)
                   {
                     if (rank(a) != rank(b) || rank(a) == 2)
                     {
                       return rank(a) < rank(b);
                     }
                     return descending ? less(b, a) : less(a, b);
                   });
}

std::string
ColumnTitle(std::string_view columnName)
{
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> units{{
      {"_mm", "mm"},
      {"_mm2", "mm²"},
      {"_mm3", "mm³"},
      {"_ml", "ml"},
      {"_percent", "%"},
      {"_s", "s"},
      {"_ms", "ms"},
      {"_min", "min"},
      {"_gb", "GB"},
      {"_mb", "MB"},
      {"_voxels", "voxels"},
      {"_deg", "°"},
  }};
  std::string title(columnName);
  std::string_view unit;
  for (const auto & [ending, symbol] : units)
  {
    if (columnName.size() > ending.size() && columnName.ends_with(ending))
    {
      title = columnName.substr(0, columnName.size() - ending.size());
      unit = symbol;
      break;
    }
  }
  std::replace(title.begin(), title.end(), '_', ' ');
  return unit.empty() ? title : fmt::format("{} ({})", title, unit);
}

nlohmann::ordered_json
ToJson(const Table & table)
{
  auto rows = nlohmann::ordered_json::array();
  for (const auto & row : table.Rows())
  {
    auto object = nlohmann::ordered_json::object();
    for (std::size_t c = 0; c < row.size(); ++c)
    {
      auto & value = object[table.Columns()[c]];
      const auto * number = std::get_if<double>(&row[c]);
      if (IsMissing(row[c]))
      {
        value = nullptr;
      }
      else if (const auto * whole = std::get_if<std::int64_t>(&row[c]))
      {
        value = *whole;
      }
      else if (number && std::isfinite(*number))
      {
        value = *number;
      }
      else
      {
        value = ToText(row[c]);
      }
    }
    rows.push_back(std::move(object));
  }
  return rows;
}

std::string
ToJsonText(const Table & table)
{
  return ToJson(table).dump(1) + "\n";
}

} // namespace sulcus
