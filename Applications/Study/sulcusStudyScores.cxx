#include "sulcusStudyScores.h"

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Structure and mean Dice, in the order of the summary. */
std::vector<std::pair<std::string, Cell>>
DiceOf(const Table & summary)
{
  std::vector<std::pair<std::string, Cell>> figures;
  for (std::size_t row = 0; row < summary.RowCount(); ++row)
  {
    if (ToText(summary.At(row, "metric")) == "dice")
    {
      figures.emplace_back(ToText(summary.At(row, "structure")), summary.At(row, "mean"));
    }
  }
  return figures;
}

} // namespace

Table
MainScores(const fs::path & folder, const std::vector<std::string> & methods)
{
  std::vector<std::string> columns{"method"};
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, Cell>>>> scored;
  for (const auto & method : methods)
  {
    const auto path = folder / "scores" / method / "summary.tsv";
    if (!fs::exists(path))
    {
      continue;
    }
    scored.emplace_back(method, DiceOf(ReadTsv(path)));
    for (const auto & [structure, mean] : scored.back().second)
    {
      if (std::find(columns.begin(), columns.end(), structure) == columns.end())
      {
        columns.push_back(structure);
      }
    }
  }
  Table table(columns);
  for (const auto & [method, figures] : scored)
  {
    table.AddRow(Table::Row(columns.size()));
    table.Set(table.RowCount() - 1, "method", method);
    for (const auto & [structure, mean] : figures)
    {
      table.Set(table.RowCount() - 1, structure, mean);
    }
  }
  return table;
}

} // namespace sulcus
