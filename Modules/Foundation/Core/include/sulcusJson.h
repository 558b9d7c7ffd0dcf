#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace sulcus
{

/** Parses JSON strictly: no duplicate key, depth ≤ 64, at most 16 MB, nothing after the value.
 * \throws UsageError naming the origin, line and column. */
nlohmann::json
ParseJson(std::string_view text, std::string_view origin);

/** ReadTextFile followed by ParseJson. \throws InputError if the file cannot be read, UsageError as
 * ParseJson. */
nlohmann::json
ReadJsonFile(const std::filesystem::path & path);

} // namespace sulcus
