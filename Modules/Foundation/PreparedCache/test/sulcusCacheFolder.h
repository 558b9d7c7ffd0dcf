#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <unistd.h>

namespace sulcus::test
{

/** The message of the error that the action throws; another text if it throws none of that kind. */
template <typename TError, typename TAction>
std::string
ErrorOf(TAction && action)
{
  try
  {
    action();
  }
  catch (const TError & error)
  {
    return error.what();
  }
  return "no error of this kind";
}

/** A folder of its own for each test, removed afterwards. */
class CacheFolder : public testing::Test
{
protected:
  CacheFolder()
  {
    std::string pattern = (std::filesystem::temp_directory_path() / "sulcusCacheXXXXXX").string();
    m_Folder = mkdtemp(pattern.data());
  }
  ~CacheFolder() override
  {
    std::error_code ignoredBecauseOnlyTidying;
    std::filesystem::remove_all(m_Folder, ignoredBecauseOnlyTidying);
  }

  std::filesystem::path m_Folder;
};

} // namespace sulcus::test
