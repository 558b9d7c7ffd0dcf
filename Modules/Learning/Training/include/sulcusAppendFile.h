#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sulcus
{

/** A file that only grows at its end and can be cut back to where a checkpoint left it. Every
 * Append is handed to the operating system at once, so a killed process loses nothing it had
 * appended. \throws OutputError */
class AppendFile
{
public:
  /** \param position the length to keep: 0 starts anew. \throws ModelError if the file is shorter.
   */
  AppendFile(const std::filesystem::path & path, std::int64_t position);
  ~AppendFile();
  AppendFile(const AppendFile &) = delete;
  AppendFile &
  operator=(const AppendFile &) = delete;

  void
  Append(std::string_view bytes);

  std::int64_t
  Position() const
  {
    return m_Position;
  }

private:
  std::filesystem::path m_Path;
  int m_Descriptor = -1;
  std::int64_t m_Position = 0;
};

} // namespace sulcus
