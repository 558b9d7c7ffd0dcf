#pragma once

#include <sulcusTable.h>

#include <filesystem>

namespace sulcus
{

/** The table of a data set's manifest, every cell a text. A column `weight` is called `confidence`,
 * which means the same, so that nobody else needs to know both names. \throws InputError as
 * ReadTsv; UsageError for a table that has both */
Table
ReadManifestTable(const std::filesystem::path & manifest);

} // namespace sulcus
