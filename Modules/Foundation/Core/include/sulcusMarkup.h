#pragma once

#include <string>
#include <string_view>

namespace sulcus
{

/** Text for HTML or XML, between tags or within quotes: & < > " ' as entities, control characters
 * other than line breaks and tabs, which neither may hold, as U+FFFD. */
std::string
EscapeMarkup(std::string_view text);

} // namespace sulcus
