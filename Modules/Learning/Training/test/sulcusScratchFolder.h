#pragma once

#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace sulcus
{

/** A folder of its own for one test, removed at the end. */
class ScratchFolder
{
public:
  ScratchFolder()
  {
    auto pattern = (std::filesystem::temp_directory_path() / "sulcus-training-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
    {
      throw std::runtime_error("no scratch folder");
    }
    m_Path = pattern;
  }
  ~ScratchFolder()
  {
    std::error_code ignored; // a destructor must not throw; a leftover folder harms nothing
    std::filesystem::remove_all(m_Path, ignored);
  }
  ScratchFolder(const ScratchFolder &) = delete;
  ScratchFolder &
  operator=(const ScratchFolder &) = delete;

  std::filesystem::path
  operator/(const std::string & name) const
  {
    return m_Path / name;
  }
  const std::filesystem::path &
  Path() const
  {
    return m_Path;
  }

private:
  std::filesystem::path m_Path;
};

} // namespace sulcus
