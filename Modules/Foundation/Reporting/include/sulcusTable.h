#pragma once

#include <sulcusAtomicFile.h>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sulcus
{

/** One value of a table: nothing ("n/a"), a whole number, a number or a text. A NaN counts as
 * nothing. */
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

/** How cells are shown to people; files always hold full precision. */
struct NumberFormat
{
  int significantDigits = 4;
};

/** True for nothing and for NaN. */
bool
IsMissing(const Cell & cell);

/** The number in a cell; NaN for nothing. \throws UsageError for a text. */
double
NumberIn(const Cell & cell);

/** Shortest text that reads back to the same value; "n/a" for nothing, "inf" and "-inf". */
std::string
ToText(const Cell & cell);
/** The same, rounded for people. */
std::string
ToText(const Cell & cell, const NumberFormat & format);

/** Rows of named columns. Units are the last part of a column's name: `hd95_mm`, `volume_ml`,
 * `time_s`, `difference_percent`. */
class Table
{
public:
  using Row = std::vector<Cell>;

  Table() = default;
  /** \throws UsageError for an empty or repeated name. */
  explicit Table(std::vector<std::string> columns);

  /** \throws UsageError unless there is one cell a column. */
  void
  AddRow(Row row);

  const std::vector<std::string> &
  Columns() const
  {
    return m_Columns;
  }
  const std::vector<Row> &
  Rows() const
  {
    return m_Rows;
  }
  std::size_t
  RowCount() const
  {
    return m_Rows.size();
  }

  bool
  HasColumn(std::string_view name) const;
  /** \throws UsageError that names the nearest column. */
  std::size_t
  ColumnIndex(std::string_view name) const;
  const Cell &
  At(std::size_t row, std::string_view column) const;
  void
  Set(std::size_t row, std::string_view column, Cell value);

  /** A column as numbers, NaN where missing. \throws UsageError if it holds a text. */
  std::vector<double>
  Numbers(std::string_view column) const;
  /** A column as texts, "n/a" where missing. */
  std::vector<std::string>
  Texts(std::string_view column) const;
  /** True if every cell is a number or missing. */
  bool
  IsNumeric(std::size_t column) const;

  /** Stable; numbers before texts, missing cells last in either direction. */
  void
  SortBy(std::string_view column, bool descending = false);

private:
  std::vector<std::string> m_Columns;
  std::vector<Row> m_Rows;
};

/** "hd95_mm" → "hd95 (mm)": underscores become blanks, a known unit goes into brackets. */
std::string
ColumnTitle(std::string_view columnName);

/** Tab-separated text with one heading line, as BIDS asks for: UTF-8, "n/a" for missing, no
 * quoting. \throws UsageError if a text holds a tab or a line break. */
std::string
ToTsv(const Table & table);

/** ToTsv through AtomicFile; returns the file's SHA-256. */
std::string
WriteTsv(const std::filesystem::path & path, const Table & table, Overwrite overwrite);

enum class CellTyping
{
  Infer, ///< a column all of whose cells are numbers becomes numbers; "007" stays a text
  Texts  ///< everything stays as written; "n/a" and empty cells are missing
};

/** Reads tab-separated text; a byte-order mark and CRLF are accepted.
 * \throws InputError with origin and line number: no heading, a repeated or empty column name, a
 * row of another width, a NUL byte. */
Table
ParseTsv(std::string_view text, std::string_view origin, CellTyping typing = CellTyping::Infer);
Table
ReadTsv(const std::filesystem::path & path, CellTyping typing = CellTyping::Infer);

/** A Markdown table; numbers to the right. */
std::string
ToMarkdown(const Table & table, const NumberFormat & format = {});

/** Aligned columns for a terminal. */
std::string
ToPlainText(const Table & table, const NumberFormat & format = {});

/** Array of one object a row; missing and non-finite numbers are null and "inf"/"-inf" texts. */
nlohmann::ordered_json
ToJson(const Table & table);
/** ToJson as indented text. */
std::string
ToJsonText(const Table & table);

} // namespace sulcus
