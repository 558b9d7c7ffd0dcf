#include "sulcusDicomText.h"

#include <algorithm>

namespace sulcus
{

namespace
{

constexpr char32_t Unknown = 0xFFFD;

/** The next character of a text; damaged bytes are `Unknown`, one at a time. */
char32_t
TakeCharacter(std::string_view & text)
{
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  static constexpr char32_t leading[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  static constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  bool isWhole = length > 0 && length <= text.size();
  char32_t character = isWhole ? first & leading[length] : 0;
  for (std::size_t i = 1; isWhole && i < length; ++i)
  {
    const auto next = static_cast<unsigned char>(text[i]);
    isWhole = (next & 0xC0U) == 0x80;
    character = character << 6U | (next & 0x3FU);
  }
  const bool isSurrogate = character >= 0xD800 && character < 0xE000;
  if (!isWhole || character < smallest[length] || character > 0x10FFFF || isSurrogate)
  {
    text.remove_prefix(1);
    return Unknown;
  }
  text.remove_prefix(length);
  return character;
}

void
Append(std::string & text, char32_t character)
{
  const auto tail = [&](unsigned int shift)
  { text += static_cast<char>(0x80U | (character >> shift & 0x3FU)); };
  if (character < 0x80)
  {
    text += static_cast<char>(character);
  }
  else if (character < 0x800)
  {
    text += static_cast<char>(0xC0U | character >> 6U);
    tail(0);
  }
  else if (character < 0x10000)
  {
    text += static_cast<char>(0xE0U | character >> 12U);
    tail(6);
    tail(0);
  }
  else
  {
    text += static_cast<char>(0xF0U | character >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

} // namespace

std::string
Utf8FromDicom(std::string_view text, std::string_view characterSet)
{
  std::string result;
  while (!text.empty())
  {
    if (characterSet == "ISO_IR 192")
    {
      const auto character = TakeCharacter(text);
      Append(result, character == Unknown ? U'?' : character);
      continue;
    }
    const auto byte = static_cast<unsigned char>(text.front());
    const bool isKnown = byte < 0x80 || (characterSet == "ISO_IR 100" && byte >= 0xA0);
    Append(result, isKnown ? char32_t{byte} : U'?');
    text.remove_prefix(1);
  }
  return result;
}

std::string
DicomFromUtf8(std::string_view text, std::string_view characterSet)
{
  const char32_t end = characterSet == "ISO_IR 192"   ? 0x110000
                       : characterSet == "ISO_IR 100" ? 0x100
                                                      : 0x80;
  std::string result;
  while (!text.empty())
  {
    const auto character = TakeCharacter(text);
    const bool isControl = character >= 0x80 && character < 0xA0;
    const auto stored = character == Unknown || isControl || character >= end ? U'?' : character;
    if (end == 0x100)
    {
      result += static_cast<char>(stored);
    }
    else
    {
      Append(result, stored);
    }
  }
  return result;
}

std::string
FirstCharacters(std::string_view text, std::size_t count)
{
  auto rest = text;
  for (std::size_t i = 0; i < count && !rest.empty(); ++i)
  {
    TakeCharacter(rest);
  }
  return std::string(text.substr(0, text.size() - rest.size()));
}

bool
IsAscii(std::string_view text)
{
  return std::all_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace sulcus
