#include "sulcusBatchCommand.h"

#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusSubprocess.h>

namespace sulcus
{
namespace
{

std::string
ValueOf(const std::string & column,
        const Table & table,
        std::size_t row,
        const std::filesystem::path & folder)
{
  if (column == "folder" && !table.HasColumn(column))
  {
    return folder.empty() ? "." : folder.string();
  }
  const Cell & cell = table.At(row, column);
  if (IsMissing(cell))
  {
    throw UsageError(Message("row ", row + 1, " has no value in the column '", column, "'"));
  }
  return ToText(cell);
}

} // namespace

std::string
FillTemplate(const std::string & text,
             const Table & table,
             std::size_t row,
             const std::filesystem::path & folder)
{
  std::string filled;
  for (std::size_t i = 0; i < text.size(); ++i)
  {
    const char c = text[i];
    const bool isDoubled = (c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c;
    if (isDoubled)
    {
      filled += c;
      ++i;
    }
    else if (c == '{')
    {
      const auto end = text.find('}', i);
      if (end == std::string::npos)
      {
        throw UsageError(Message("'", text, "': a brace is not closed"));
      }
      filled += ValueOf(text.substr(i + 1, end - i - 1), table, row, folder);
      i = end;
    }
    else if (c == '}')
    {
      throw UsageError(Message("'", text, "': a brace is closed that was not opened"));
    }
    else
    {
      filled += c;
    }
  }
  return filled;
}

std::vector<BatchJob>
JobsOf(const Table & table, const BatchTemplate & batchTemplate, const CohortPart & part)
{
  if (table.RowCount() == 0)
  {
    throw UsageError("the table holds no case");
  }
  const std::string & program = batchTemplate.command.front();
  const bool isPath = program.find('/') != std::string::npos;
  const std::string executable = isPath ? program : ProgramBeside(program).string();
  std::vector<BatchJob> jobs;
  for (std::size_t row = 0; row < table.RowCount(); ++row)
  {
    if (!part.Holds(row))
    {
      continue;
    }
    BatchJob job;
    job.id = ToText(table.At(row, batchTemplate.caseColumn));
    job.command.push_back(executable);
    for (std::size_t i = 1; i < batchTemplate.command.size(); ++i)
    {
      job.command.push_back(
          FillTemplate(batchTemplate.command[i], table, row, batchTemplate.folder));
    }
    for (const std::string & output : batchTemplate.outputs)
    {
      job.outputs.emplace_back(FillTemplate(output, table, row, batchTemplate.folder));
    }
    jobs.push_back(job);
  }
  return jobs;
}

} // namespace sulcus
