#pragma once

#include <sulcusTable.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** Mean Dice of each method (a row) in each structure (a column), as `scores/<method>/summary.tsv`
 * of a study's folder has it; methods that were not scored are left out. */
Table
MainScores(const std::filesystem::path & folder, const std::vector<std::string> & methods);

} // namespace sulcus
