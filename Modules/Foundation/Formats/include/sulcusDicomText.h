#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sulcus
{

/** A text of a data set as UTF-8. `characterSet` is the value of (0008,0005): ISO_IR 100 (Latin-1)
 * and ISO_IR 192 (UTF-8) are understood; of any other set ASCII is kept. What cannot be told
 * becomes '?'. */
std::string
Utf8FromDicom(std::string_view text, std::string_view characterSet);

/** UTF-8 in a character set as above; characters that it lacks become '?'. */
std::string
DicomFromUtf8(std::string_view text, std::string_view characterSet);

/** At most `count` characters of valid UTF-8. */
std::string
FirstCharacters(std::string_view text, std::size_t count);

bool
IsAscii(std::string_view text);

} // namespace sulcus
