#include "sulcusDicomSample.h"
#include <sulcusAtomicWrite.h>
#include <sulcusRandomEngine.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <sys/resource.h>
#include <sys/wait.h>

using namespace sulcus;

namespace
{

const std::vector<std::string> Names = {
    "t.nii", "t.nii.gz", "t.nrrd", "t.seg.nrrd", "t.mha", "t.dcm"};

LabelImage::Pointer
Filled(std::uint16_t value)
{
  auto grid = NiftiSample::Grid();
  grid.size = {{40, 40, 12}};
  return NewImage<LabelImage>(grid, value);
}

void
MakeSource(const TemporaryFolder & folder)
{
  const DicomSample sample(12);
  for (std::size_t i = 0; i < 12; ++i)
  {
    auto data = sample.Build(i);
    data.Words(dicom::Rows, {40});
    data.Words(dicom::Columns, {40});
    data.Raw(dicom::PixelData, "OW", Bytes(3200));
    folder.Write("s" + std::to_string(i),
                 data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4." + std::to_string(i)));
  }
}

/** 0: absent; 1 or 2: that complete version; anything else is a failure. */
int
StateOf(const std::string & path)
{
  if (!std::filesystem::exists(path))
  {
    return 0;
  }
  const auto image = ReadLabels(path).image;
  const auto count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  const auto first = image->GetBufferPointer()[0];
  for (std::size_t i = 0; i < count; ++i)
  {
    if (image->GetBufferPointer()[i] != first)
    {
      return -1;
    }
  }
  return count == 19200 ? first : -1;
}

std::size_t
CountFiles(const std::string & folder)
{
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/** Writes version 1 and 2 in turn for ever. */
[[noreturn]] void
WriteForEver(const std::string & path, const std::string & source)
{
  const LabelImage::Pointer versions[] = {Filled(1), Filled(2)};
  WriteOptions options;
  options.overwrite = true;
  options.dicomSource = source;
  options.segments = {DefaultSegment(1), DefaultSegment(2)};
  for (int turn = 0;; ++turn)
  {
    WriteImage(path, versions[turn % 2].GetPointer(), options);
  }
}

/** Kills a writer that never stops, again and again, at random moments. */
void
KillRandomly(int killsOfEachWriter)
{
  const TemporaryFolder source;
  MakeSource(source);
  RandomEngine random(11);
  for (const auto & name : Names)
  {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    const auto path = folder.Path(name);
    int broken = 0;
    for (int kill = 0; kill < killsOfEachWriter; ++kill)
    {
      std::cout << std::flush; // or the child would print it again
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0)
      {
        WriteForEver(path, source.Path(""));
      }
      ::usleep(static_cast<useconds_t>(random.Integer(200, name == "t.dcm" ? 40000 : 9000)));
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
      const int state = StateOf(path);
      broken += state >= 0 && state <= 2 ? 0 : 1;
    }
    EXPECT_EQ(broken, 0);
    WriteOptions options;
    options.overwrite = true;
    options.dicomSource = source.Path("");
    WriteImage(path, Filled(1).GetPointer(), options);
    EXPECT_EQ(StateOf(path), 1);
    EXPECT_EQ(CountFiles(folder.Path("")), 1U); // what killed runs left behind is gone
    std::cout << name << ": " << killsOfEachWriter << " kills, " << broken << " broken\n";
  }
}

} // namespace

TEST(KillNine, TargetIsAbsentOldOrComplete)
{
  KillRandomly(40);
}

TEST(SlowKillNine, TargetIsAbsentOldOrComplete)
{
  KillRandomly(1000);
}

TEST(FullDisk, EveryCutLeavesTheOldFile)
{
  const TemporaryFolder source;
  MakeSource(source);
  for (const auto & name : Names)
  {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    const auto path = folder.Path(name);
    WriteOptions options;
    options.overwrite = true;
    options.dicomSource = source.Path("");
    options.segments = {DefaultSegment(1), DefaultSegment(2)};
    WriteImage(path, Filled(1).GetPointer(), options);
    const auto size = std::filesystem::file_size(path);
    for (std::uint64_t limit = 0; limit < size; limit += std::max<std::uint64_t>(1, size / 12))
    {
      std::cout << std::flush; // or the child would print it again
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0)
      {
        std::signal(SIGXFSZ, SIG_IGN);
        const struct rlimit files = {limit, limit};
        ::setrlimit(RLIMIT_FSIZE, &files);
        try
        {
          WriteImage(path, Filled(2).GetPointer(), options);
          ::_exit(0);
        }
        catch (const OutputError &)
        {
          ::_exit(4);
        }
        catch (...)
        {
          ::_exit(1);
        }
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      ASSERT_TRUE(WIFEXITED(status));
      EXPECT_TRUE(WEXITSTATUS(status) == 4 || (WEXITSTATUS(status) == 0 && StateOf(path) == 2))
          << limit << ' ' << WEXITSTATUS(status);
      EXPECT_EQ(StateOf(path), WEXITSTATUS(status) == 0 ? 2 : 1);
      EXPECT_EQ(CountFiles(folder.Path("")), 1U);
    }
  }
}
