#pragma once

#include <sulcusRunProgram.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sulcus
{

/** A folder with a cohort in it and how it is fused there. */
class FusionFixture : public testing::Test
{
protected:
  /** \param manifest of the cohort, in the folder \param settings of every call */
  FusionFixture(std::string manifest, std::vector<std::string> settings)
      : m_Manifest(std::move(manifest)), m_Settings(std::move(settings))
  {
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  ProgramResult
  Fuse(const std::string & output, const std::vector<std::string> & more = {})
  {
    std::vector<std::string> arguments{"--manifest", Path(m_Manifest), "--output", Path(output)};
    arguments.insert(arguments.end(), m_Settings.begin(), m_Settings.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("consensus", arguments);
  }

  /** The same call with one thread and with three writes the same bytes. */
  void
  ExpectSameBytesForAnyThreads()
  {
    ASSERT_EQ(Fuse("one", {"--threads", "1", "--no_compare"}).status, 0);
    ASSERT_EQ(Fuse("three", {"--threads", "3", "--no_compare"}).status, 0);
    const auto files = FilesBelow(m_Folder / "one");
    ASSERT_GT(files.size(), 15U);
    EXPECT_EQ(files, FilesBelow(m_Folder / "three"));
    for (const auto & file : files)
    {
      EXPECT_EQ(TextOf(m_Folder / "one" / file), TextOf(m_Folder / "three" / file)) << file;
    }
  }

  TestFolder m_Folder;

private:
  std::string m_Manifest;
  std::vector<std::string> m_Settings;
};

} // namespace sulcus
