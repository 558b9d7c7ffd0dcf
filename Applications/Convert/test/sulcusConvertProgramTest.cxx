#include <sulcusAtomicWrite.h>
#include <sulcusDicomBuilder.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>

#include <cstring>
#include <iostream>

namespace sulcus
{

namespace
{

ImageGrid
SmallGrid()
{
  ImageGrid grid;
  grid.size = {{4, 3, 2}};
  grid.spacing[2] = 2.5;
  grid.origin[0] = 17;
  return grid;
}

std::string
MakeScan(const TestFolder & folder)
{
  const auto image = NewImage<FloatImage>(SmallGrid());
  for (int i = 0; i < 24; ++i)
  {
    image->GetBufferPointer()[i] = static_cast<float>(i - 3);
  }
  WriteOptions options;
  options.storedType = VoxelType::Int16;
  const auto path = (folder / "scan.nii.gz").string();
  WriteImage(path, image.GetPointer(), options);
  return path;
}

/** Two slices on SmallGrid with a patient to be forgotten. */
std::string
MakeDicom(const TestFolder & folder, const std::string & burnedIn = "", double lean = 0.0)
{
  const auto target = folder / "dicom";
  std::filesystem::create_directories(target);
  for (int slice = 0; slice < 2; ++slice)
  {
    DicomBuilder data;
    const auto uid = "1.2.826.99." + std::to_string(slice + 1);
    data.Text(dicom::SopClassUid, "UI", "1.2.840.10008.5.1.4.1.1.4");
    data.Text(dicom::SopInstanceUid, "UI", uid);
    data.Text(dicom::Modality, "CS", "MR");
    data.Text(dicom::PatientName, "PN", "SENTINEL^JANE");
    data.Text(dicom::PatientId, "LO", "SENTINEL-4711");
    data.Text(dicom::PatientBirthDate, "DA", "19311225");
    data.Text(0x00101040, "LO", "SENTINEL STREET 1");
    data.Text(dicom::StudyInstanceUid, "UI", "1.2.826.99");
    data.Text(dicom::SeriesInstanceUid, "UI", "1.2.826.99.7");
    data.Text(dicom::SeriesNumber, "IS", "4");
    data.Text(dicom::FrameOfReferenceUid, "UI", "1.2.826.99.8");
    data.Decimals(dicom::ImagePosition, {17 + lean * slice, 0, 2.5 * slice});
    data.Decimals(dicom::ImageOrientation, {1, 0, 0, 0, 1, 0});
    data.Decimals(dicom::PixelSpacing, {1, 1});
    data.Words(dicom::SamplesPerPixel, {1});
    data.Words(dicom::Rows, {3});
    data.Words(dicom::Columns, {4});
    data.Words(dicom::BitsAllocated, {16});
    data.Words(dicom::BitsStored, {16});
    data.Words(dicom::HighBit, {15});
    data.Words(dicom::PixelRepresentation, {0});
    if (!burnedIn.empty())
    {
      data.Text(dicom::BurnedInAnnotation, "CS", burnedIn);
    }
    Bytes pixels(24);
    for (std::size_t i = 0; i < 12; ++i)
    {
      pixels[2 * i] =
          std::byte{static_cast<std::uint8_t>(i + 12 * static_cast<std::size_t>(slice))};
    }
    data.Raw(dicom::PixelData, "OW", pixels);
    const auto file = data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", uid);
    std::ofstream stream(target / ("i" + std::to_string(slice)), std::ios::binary);
    stream.write(reinterpret_cast<const char *>(file.data()),
                 static_cast<std::streamsize>(file.size()));
  }
  return target.string();
}

int
RunCommand(const std::vector<std::string> & texts)
{
  std::vector<char *> argv;
  for (const auto & text : texts)
  {
    argv.push_back(const_cast<char *>(text.c_str()));
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  if (posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) != 0)
  {
    return -1;
  }
  posix_spawn_file_actions_destroy(&actions);
  int state = 0;
  waitpid(child, &state, 0);
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

std::string
Utf16(const std::string & text)
{
  std::string wide;
  for (const char c : text)
  {
    wide += c;
    wide += '\0';
  }
  return wide;
}

} // namespace

TEST(ConvertProgram, AnswersHelpAndDescription)
{
  EXPECT_EQ(RunProgram("convert", {"--help"}).status, 0);
  const auto xml = RunProgram("convert", {"--xml"});
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
  EXPECT_EQ(RunProgram("convert", {"a", "b.nii", "--lisst"}).status, 2);
}

TEST(ConvertProgram, EveryFormatKeepsVoxelsGridAndType)
{
  const TestFolder folder;
  auto previous = MakeScan(folder);
  const auto truth = ReadImage(previous);
  for (const std::string name : {"a.nrrd", "b.mha", "c.nii", "d.nii.gz"})
  {
    const auto next = (folder / name).string();
    const auto run = RunProgram("convert", {previous, next});
    ASSERT_EQ(run.status, 0) << run.errors;
    const auto again = ReadImage(next);
    EXPECT_EQ(again.header.voxelType, VoxelType::Int16);
    RequireSameGrid(truth.image, again.image, "first", name);
    EXPECT_TRUE(std::equal(truth.image->GetBufferPointer(),
                           truth.image->GetBufferPointer() + 24,
                           again.image->GetBufferPointer()));
    previous = next;
  }
}

TEST(ConvertProgram, DicomFolderBecomesNiftiAndSegmentationGoesBack)
{
  const TestFolder folder;
  const auto dicom = MakeDicom(folder);
  const auto list = RunProgram("convert", {dicom, "--list"});
  EXPECT_EQ(list.status, 0) << list.errors;
  EXPECT_NE(list.output.find("4x3x2"), std::string::npos) << list.output;
  const auto scan = (folder / "t1.nii.gz").string();
  ASSERT_EQ(RunProgram("convert", {dicom, scan}).status, 0);
  EXPECT_EQ(ReadImage(scan).image->GetPixel({{1, 0, 1}}), 13.0F);
  const auto labels = NewImage<LabelImage>(SmallGrid());
  labels->SetPixel({{2, 1, 1}}, 1);
  WriteImage((folder / "label.nii.gz").string(), labels.GetPointer());
  const auto seg = (folder / "seg.dcm").string();
  const auto run =
      RunProgram("convert", {(folder / "label.nii.gz").string(), seg, "--source", dicom});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto back = RunProgram("convert", {seg, (folder / "back.seg.nrrd").string()});
  ASSERT_EQ(back.status, 0) << back.errors;
  const auto again = ReadLabels((folder / "back.seg.nrrd").string()).image;
  LabelImage::PointType point;
  labels->TransformIndexToPhysicalPoint({{2, 1, 1}}, point);
  LabelImage::IndexType index;
  ASSERT_TRUE(again->TransformPhysicalPointToIndex(point, index));
  EXPECT_EQ(again->GetPixel(index), 1);
}

TEST(ConvertProgram, DeidentifiedOutputsHoldNoSentinel)
{
  const TestFolder folder;
  const auto dicom = MakeDicom(folder);
  const TestFolder output;
  const auto labels = NewImage<LabelImage>(SmallGrid(), 1);
  WriteImage((folder / "label.nii").string(), labels.GetPointer());
  for (const std::string name : {"a.nii", "b.nii.gz", "c.nrrd", "d.mha"})
  {
    ASSERT_EQ(RunProgram("convert", {dicom, (output / name).string(), "--deidentify"}).status, 0);
  }
  ASSERT_EQ(RunProgram("convert",
                       {(folder / "label.nii").string(),
                        (output / "e.dcm").string(),
                        "--source",
                        dicom,
                        "--deidentify"})
                .status,
            0);
  ASSERT_EQ(
      RunProgram("convert", {(output / "e.dcm").string(), (output / "f.seg.nrrd").string()}).status,
      0);
  // Raw, UTF-16 and base64 at the three alignments (the middle characters, which do not depend on
  // neighbours).
  const std::vector<std::string> sentinels{"SENTINEL",
                                           "4711",
                                           "JANE",
                                           "19311225",
                                           "1.2.826.99",
                                           "U0VOVElORU",
                                           "NFTlRJTkVM",
                                           "TRU5USU5FT"};
  std::size_t files = 0;
  for (const auto & file : FilesBelow(output.Path()))
  {
    const auto text = TextOf(output / file);
    for (const auto & sentinel : sentinels)
    {
      EXPECT_EQ(text.find(sentinel), std::string::npos) << file << ' ' << sentinel;
      EXPECT_EQ(text.find(Utf16(sentinel)), std::string::npos) << file << ' ' << sentinel;
    }
    ++files;
  }
  EXPECT_EQ(files, 6U);
  const TestFolder marked;
  EXPECT_EQ(
      RunProgram("convert", {MakeDicom(marked, "YES"), (marked / "x.nii").string(), "--deidentify"})
          .status,
      3);
}

TEST(ConvertProgram, RepairsOnRequestAndStatesTheResidual)
{
  const TestFolder folder;
  const auto leaning = MakeDicom(folder, "", 0.5);
  const auto target = (folder / "t1.nii").string();
  const auto report = (folder / "report.json").string();
  EXPECT_EQ(RunProgram("convert", {leaning, target}).status, 5);
  const auto run =
      RunProgram("convert", {leaning, target, "--resample-irregular", "--report", report});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_NE(run.errors.find("displaced by 0.5 mm"), std::string::npos) << run.errors;
  EXPECT_NE(TextOf(report).find("displaced by 0.5 mm"), std::string::npos);
  EXPECT_EQ(GridOf(ReadImage(target).image.GetPointer()).size[0], 5U); // one column wider

  RunProgram("convert", {MakeScan(folder), (folder / "scan.nii").string()});
  auto bytes = TextOf(folder / "scan.nii");
  const float shear = 0.1F;
  std::memcpy(bytes.data() + 284, &shear, 4); // of the second axis along the first
  bytes[252] = 0;                             // no qform
  std::ofstream(folder / "sheared.nii", std::ios::binary) << bytes;
  const auto sheared = (folder / "sheared.nii").string();
  const auto mended = (folder / "mended.nii").string();
  EXPECT_EQ(RunProgram("convert", {sheared, mended}).status, 5);
  const auto repair = RunProgram("convert", {sheared, mended, "--fix-nonorthogonal"});
  EXPECT_EQ(repair.status, 0) << repair.errors;
  EXPECT_NE(repair.errors.find("mm); repaired"), std::string::npos) << repair.errors;
  EXPECT_EQ(RunProgram("convert",
                       {sheared,
                        (folder / "no.nii").string(),
                        "--fix-nonorthogonal",
                        "--maximum_fix_angle",
                        "1"})
                .status,
            5);
}

TEST(ConvertProgram, RefusalsHaveTheirExitStatusAndLeaveNothing)
{
  const TestFolder folder;
  const auto scan = MakeScan(folder);
  std::ofstream(folder / "cut.nii.gz", std::ios::binary) << TextOf(scan).substr(0, 60);
  const auto target = (folder / "out.nii").string();
  EXPECT_EQ(RunProgram("convert", {(folder / "cut.nii.gz").string(), target}).status, 3);
  EXPECT_EQ(RunProgram("convert", {(folder / "none.nii").string(), target}).status, 3);
  EXPECT_EQ(RunProgram("convert", {scan, (folder / "out.xyz").string()}).status, 2);
  EXPECT_EQ(RunProgram("convert", {scan, scan}).status, 4);
  EXPECT_EQ(RunProgram("convert", {scan, target, "--kind", "labels"}).status, 3); // negative values
  EXPECT_EQ(RunProgram("convert", {scan, (folder / "seg.dcm").string()}).status, 3);
  EXPECT_FALSE(std::filesystem::exists(target));
  EXPECT_EQ(FilesBelow(folder.Path()).size(), 2U);
}

TEST(ConvertProgram, EveryFailedWriteLeavesTheTargetAbsentOrOld)
{
  if (!std::filesystem::exists("/usr/bin/strace"))
  {
    GTEST_SKIP() << "strace is not installed";
  }
  const TestFolder folder;
  const auto scan = MakeScan(folder);
  const auto dicom = MakeDicom(folder);
  const auto label = (folder / "label.nii").string();
  WriteImage(label, NewImage<LabelImage>(SmallGrid(), 1).GetPointer());
  const auto program = std::string(std::getenv("SULCUS_PROGRAMS")) + "/sulcus-convert";
  for (const std::string fault :
       {"write:error=ENOSPC", "fsync:error=EIO", "rename:error=EDQUOT", "fchmod:error=EIO"})
  {
    for (const std::string name : {"t.nii", "t.nii.gz", "t.nrrd", "t.mha", "t.seg.nrrd", "t.dcm"})
    {
      const bool isSegmentation = name == "t.seg.nrrd" || name == "t.dcm";
      int when = 1;
      for (int status = 1; status != 0 && when < 40; ++when)
      {
        const TestFolder output;
        const auto target = (output / name).string();
        const auto trace = (folder / "trace").string();
        status = RunCommand({"/usr/bin/strace",
                             "-f",
                             "-qq",
                             "-o",
                             trace,
                             "-e",
                             "trace=write,fsync,rename,fchmod",
                             "-e",
                             "inject=" + fault + ":when=" + std::to_string(when),
                             program,
                             isSegmentation ? label : scan,
                             target,
                             "--source",
                             dicom});
        const bool exists = std::filesystem::exists(target);
        EXPECT_EQ(exists, status == 0) << name << ' ' << fault << ' ' << when;
        // The source of a DICOM SEG is read in a worker, whose answer can fail as well: status 3.
        EXPECT_TRUE(status == 0 || status == 4 || (name == "t.dcm" && status == 3))
            << status << ' ' << name << ' ' << fault << ' ' << when;
        EXPECT_EQ(FilesBelow(output.Path()).size(), exists ? 1U : 0U);
        if (exists)
        {
          EXPECT_EQ(isSegmentation ? ReadLabels(target).image->GetPixel({{0, 0, 0}})
                                   : ReadImage(target).image->GetPixel({{0, 0, 0}}),
                    isSegmentation ? 1.0F : -3.0F);
        }
      }
      EXPECT_LT(when, 40);
      std::cout << name << ": " << fault << " at each of " << when - 2 << " calls\n";
    }
  }
}

} // namespace sulcus
