#pragma once

#include <sulcusBatchRun.h>
#include <sulcusTable.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** A command with {column} where a row's values go. */
struct BatchTemplate
{
  std::string caseColumn;
  std::vector<std::string> command;
  std::vector<std::string> outputs;
  std::filesystem::path folder; ///< what {folder} stands for, unless there is such a column
};

/** The text with {column} replaced by the row's value; {{ and }} are braces.
 * \throws UsageError for an unknown column (naming the nearest), a missing value or a lone brace.
 */
std::string
FillTemplate(const std::string & text,
             const Table & table,
             std::size_t row,
             const std::filesystem::path & folder);

/** The jobs of one part of the table, in the order of its rows. The first word of a command is a
 * Sulcus program beside this one, or, if it holds a slash, any program.
 * \throws UsageError as FillTemplate, and for a table without rows. */
std::vector<BatchJob>
JobsOf(const Table & table, const BatchTemplate & batchTemplate, const CohortPart & part);

} // namespace sulcus
