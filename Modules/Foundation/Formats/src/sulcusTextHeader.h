#pragma once

#include "sulcusByteSource.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sulcus
{

/** Takes lines off the front of a header in text; a line may end in LF or CR LF.
 * \throws InputError for a line without end, control characters, or a header above 1 MiB. */
class TextHeader
{
public:
  TextHeader(ByteView bytes, std::string name);

  /** The next line, without its end and trailing blanks. */
  std::string_view
  NextLine();

  bool
  AtEnd() const
  {
    return m_Position >= m_Bytes.size();
  }

  std::size_t
  Position() const
  {
    return m_Position;
  }

private:
  ByteView m_Bytes;
  std::size_t m_Position = 0;
  std::string m_Name;
};

std::string_view
Trimmed(std::string_view text);

std::vector<std::string_view>
SplitWords(std::string_view text);

/** The whole text as one number in the C locale; nothing if anything is left over. */
template <typename T>
std::optional<T>
ParseNumber(std::string_view text)
{
  T value{};
  if (!text.empty() && text.front() == '+')
  {
    text.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
  {
    return std::nullopt;
  }
  return value;
}

/** The words of a text as numbers; nothing if one of them is none. */
template <typename T>
std::optional<std::vector<T>>
ParseNumbers(std::string_view text)
{
  std::vector<T> values;
  for (const auto word : SplitWords(text))
  {
    const auto value = ParseNumber<T>(word);
    if (!value)
    {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

/** A name that can only mean a file in the same folder: no slash, no "..", no pattern. */
bool
IsPlainFileName(std::string_view name);

/** `name` beside `path`. */
std::string
SiblingPath(const std::string & path, std::string_view name);

} // namespace sulcus
