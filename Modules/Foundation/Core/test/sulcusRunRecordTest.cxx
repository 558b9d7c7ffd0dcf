#include "sulcusRunRecord.h"

#include "sulcusError.h"
#include "sulcusSha256.h"
#include <sulcusRunProgram.h>

#include <gtest/gtest.h>

namespace sulcus
{

TEST(RunRecord, HashesFilesAndFolders)
{
  const TestFolder folder;
  std::filesystem::create_directories(folder / "scan/b");
  std::ofstream(folder / "scan/2.dcm") << "two";
  std::ofstream(folder / "scan/b/1.dcm") << "one";
  RunRecord record("test");
  record.AddInput(folder / "scan/2.dcm");
  record.AddInput(folder / "scan");
  const auto inputs = record.ToJson().at("inputs");
  EXPECT_EQ(inputs[0].at("bytes"), 3);
  EXPECT_EQ(inputs[0].at("sha256"), Sha256OfText("two"));
  EXPECT_EQ(inputs[1].at("files"), 2);
  EXPECT_EQ(inputs[1].at("bytes"), 6);
  const auto expected =
      "2.dcm\n" + Sha256OfText("two") + "\nb/1.dcm\n" + Sha256OfText("one") + "\n";
  EXPECT_EQ(inputs[1].at("sha256"), Sha256OfText(expected));
}

TEST(RunRecord, AMissingFileIsDamagedInput)
{
  const TestFolder folder;
  RunRecord record("test");
  EXPECT_THROW(record.AddInput(folder / "none.nii.gz"), InputError);
}

} // namespace sulcus
