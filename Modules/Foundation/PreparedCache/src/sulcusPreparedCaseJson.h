#pragma once

#include "sulcusPreparedCache.h"

#include <nlohmann/json.hpp>

#include <string>

namespace sulcus
{

inline constexpr int cacheSchemaVersion = 1;

nlohmann::json
CaseToJson(const PreparedCase & entry);

/** \throws ModelError naming the origin and what is missing or has another type. */
PreparedCase
CaseFromJson(const nlohmann::json & json, const std::string & origin);

/** SHA-256 over plan and case list. */
std::string
CacheIdentity(const nlohmann::json & plan, const nlohmann::json & cases);

/** Whether the text is a plain file name of letters, digits, '.', '_' and '-' that is not hidden.
 */
bool
IsPlainName(const std::string & text);

} // namespace sulcus
