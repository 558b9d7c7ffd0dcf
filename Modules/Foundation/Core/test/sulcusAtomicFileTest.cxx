#include "sulcusAtomicFile.h"

#include "sulcusError.h"
#include "sulcusRandomEngine.h"
#include "sulcusSha256.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sulcus;
namespace fs = std::filesystem;

namespace
{

class AtomicFileTest : public ::testing::Test
{
protected:
  AtomicFileTest()
      : folder(fs::temp_directory_path() / ("sulcusAtomicFileTest" + std::to_string(getpid())))
  {
    fs::create_directories(folder);
  }
  ~AtomicFileTest() override
  {
    fs::remove_all(folder);
  }

  std::vector<std::string>
  Names() const
  {
    std::vector<std::string> names;
    for (const auto & entry : fs::directory_iterator(folder))
    {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  fs::path folder;
};

TEST_F(AtomicFileTest, WritesAndReturnsTheHash)
{
  // FIPS 180-4 example: SHA-256("abc")
  EXPECT_EQ(AtomicWriteText(folder / "a.txt", "abc", Overwrite::Refuse),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ReadTextFile(folder / "a.txt"), "abc");
  EXPECT_THAT(Names(), ::testing::ElementsAre("a.txt"));
}

TEST_F(AtomicFileTest, ExistingFileIsKeptUnlessAllowed)
{
  AtomicWriteText(folder / "a.txt", "old", Overwrite::Refuse);
  EXPECT_THROW(AtomicWriteText(folder / "a.txt", "new", Overwrite::Refuse), OutputError);
  EXPECT_EQ(ReadTextFile(folder / "a.txt"), "old");
  AtomicWriteText(folder / "a.txt", "new", Overwrite::Allow);
  EXPECT_EQ(ReadTextFile(folder / "a.txt"), "new");
}

TEST_F(AtomicFileTest, LinkIsNotFollowed)
{
  AtomicWriteText(folder / "target", "precious", Overwrite::Refuse);
  fs::create_symlink(folder / "target", folder / "link");
  EXPECT_THROW(AtomicWriteText(folder / "link", "x", Overwrite::Allow), OutputError);
  EXPECT_EQ(ReadTextFile(folder / "target"), "precious");
}

TEST_F(AtomicFileTest, WithoutCommitNothingAppears)
{
  {
    AtomicFile file(folder / "a.txt", Overwrite::Refuse);
    file.Write("half");
  }
  EXPECT_TRUE(Names().empty());
}

TEST_F(AtomicFileTest, FullDiskLeavesTheOldFile)
{
  AtomicWriteText(folder / "a.txt", "old", Overwrite::Refuse);
  const pid_t child = fork();
  if (child == 0)
  {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &small);
    try
    {
      AtomicWriteText(folder / "a.txt", std::string(100000, 'x'), Overwrite::Allow);
    }
    catch (const OutputError &)
    {
      _exit(4);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 4);
  EXPECT_EQ(ReadTextFile(folder / "a.txt"), "old");
  EXPECT_THAT(Names(), ::testing::ElementsAre("a.txt"));
}

TEST_F(AtomicFileTest, KilledWriterLeavesOldOrNewAndTheNextRunCleansUp)
{
  const std::string before(200000, 'o');
  const std::string after(300000, 'n');
  AtomicWriteText(folder / "a.bin", before, Overwrite::Refuse);
  RandomEngine random(11);
  for (int round = 0; round < 200; ++round)
  {
    const pid_t child = fork();
    if (child == 0)
    {
      AtomicWriteText(folder / "a.bin", round % 2 == 0 ? after : before, Overwrite::Allow);
      _exit(0);
    }
    usleep(static_cast<useconds_t>(random.Integer(0, 3000)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto now = ReadTextFile(folder / "a.bin");
    ASSERT_TRUE(now == before || now == after) << "round " << round;
  }
  AtomicWriteText(folder / "a.bin", before, Overwrite::Allow);
  EXPECT_THAT(Names(), ::testing::ElementsAre("a.bin"));
}

TEST_F(AtomicFileTest, LockedFolderIsRefusedToASecondHolder)
{
  const FolderLock first(folder);
  EXPECT_THROW(FolderLock second(folder), OutputError);
}

TEST_F(AtomicFileTest, NonEmptyFolderIsRefused)
{
  EXPECT_NO_THROW(PrepareOutputFolder(folder / "new" / "deep", Overwrite::Refuse));
  AtomicWriteText(folder / "new" / "file", "x", Overwrite::Refuse);
  EXPECT_THROW(PrepareOutputFolder(folder / "new", Overwrite::Refuse), OutputError);
  EXPECT_NO_THROW(PrepareOutputFolder(folder / "new", Overwrite::Allow));
  EXPECT_THROW(PrepareOutputFolder(folder / "new" / "file", Overwrite::Allow), OutputError);
}

TEST_F(AtomicFileTest, SpecialFilesAreNotRead)
{
  EXPECT_THROW(ReadTextFile("/dev/zero"), InputError);
  EXPECT_THROW(ReadTextFile(folder), InputError);
  EXPECT_THROW(ReadTextFile(folder / "missing"), InputError);
  mkfifo((folder / "pipe").c_str(), 0600);
  EXPECT_THROW(ReadTextFile(folder / "pipe"), InputError);
}

TEST(Sha256, MatchesPublishedDigests)
{
  // FIPS 180-4 examples
  EXPECT_EQ(Sha256OfText(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256OfText("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256OfText(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameDigestAsTheWhole)
{
  const std::string text(1000, 'q');
  for (std::size_t cut = 0; cut <= 130; ++cut)
  {
    Sha256 hash;
    hash.Update(std::string_view(text).substr(0, cut));
    hash.Update(std::string_view(text).substr(cut));
    ASSERT_EQ(hash.HexDigest(), Sha256OfText(text)) << cut;
  }
}

} // namespace
