#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string_view>

namespace sulcus
{

/** TOML 1.0 as the JSON value it stands for, under the rules of ParseJson: at most 16 MB and 64
 * levels, no key twice. Dates, times and numbers that are not finite stand for no setting and are
 * refused. \throws UsageError naming the origin and the line. */
nlohmann::json
ParseToml(std::string_view text, std::string_view origin);

/** A configuration file: TOML where the name ends in `.toml`, else JSON. \throws InputError if the
 * file cannot be read, UsageError as ParseToml and ParseJson. */
nlohmann::json
ReadConfigurationFile(const std::filesystem::path & path);

} // namespace sulcus
