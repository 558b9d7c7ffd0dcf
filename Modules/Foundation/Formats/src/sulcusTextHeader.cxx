#include "sulcusTextHeader.h"

#include <sulcusError.h>

#include <algorithm>
#include <filesystem>

namespace sulcus
{

namespace
{
constexpr std::size_t LargestHeader = std::size_t{1} << 20;
}

TextHeader::TextHeader(ByteView bytes, std::string name)
    : m_Bytes(bytes.first(std::min(bytes.size(), LargestHeader))), m_Name(std::move(name))
{
}

std::string_view
TextHeader::NextLine()
{
  const auto rest = m_Bytes.subspan(m_Position);
  const auto end = std::find(rest.begin(), rest.end(), std::byte{'\n'});
  if (end == rest.end())
  {
    throw InputError(Message(m_Name, ": the text header is cut or longer than 1 MiB"));
  }
  const auto length = static_cast<std::size_t>(end - rest.begin());
  std::string_view line(reinterpret_cast<const char *>(rest.data()), length);
  m_Position += length + 1;
  if (!line.empty() && line.back() == '\r')
  {
    line.remove_suffix(1);
  }
  if (std::any_of(line.begin(),
                  line.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 32 && c != '\t'; }))
  {
    throw InputError(Message(m_Name, ": the text header holds control characters"));
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t'))
  {
    line.remove_suffix(1);
  }
  return line;
}

std::string_view
Trimmed(std::string_view text)
{
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
  {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view>
SplitWords(std::string_view text)
{
  std::vector<std::string_view> words;
  for (text = Trimmed(text); !text.empty(); text = Trimmed(text))
  {
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

bool
IsPlainFileName(std::string_view name)
{
  return !name.empty() && name.find('/') == std::string_view::npos &&
         name.find('\\') == std::string_view::npos && name != "." && name != ".." &&
         name.find('%') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::string
SiblingPath(const std::string & path, std::string_view name)
{
  return (std::filesystem::path(path).parent_path() / std::string(name)).string();
}

} // namespace sulcus
