#include "sulcusDicomSample.h"
#include <sulcusAtomicWrite.h>
#include <sulcusDicomRead.h>
#include <sulcusDicomWrite.h>
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace sulcus;

namespace
{

std::string
Slurp(const std::string & path)
{
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

LabelImage::Pointer
RandomLabels(std::uint64_t columns, std::uint64_t rows, std::uint64_t slices)
{
  auto grid = NiftiSample::Grid();
  grid.size = {{columns, rows, slices}};
  const auto image = NewImage<LabelImage>(grid);
  RandomEngine random(5);
  for (std::uint64_t i = 0; i < grid.VoxelCount(); ++i)
  {
    image->GetBufferPointer()[i] = static_cast<std::uint16_t>(random.Integer(0, 2));
  }
  return image;
}

/** A source series of any matrix. */
void
WriteSource(const TemporaryFolder & folder,
            std::uint16_t columns,
            std::uint16_t rows,
            std::size_t slices)
{
  const DicomSample sample(slices);
  for (std::size_t i = 0; i < slices; ++i)
  {
    auto data = sample.Build(i);
    data.Words(dicom::Rows, {rows});
    data.Words(dicom::Columns, {columns});
    data.Raw(dicom::PixelData, "OW", Bytes(std::size_t{2} * rows * columns));
    folder.Write("s" + std::to_string(i),
                 data.EncodeFile("1.2.840.10008.5.1.4.1.1.4",
                                 sample.seriesUid + "." + std::to_string(i + 1)));
  }
}

} // namespace

TEST(DicomSegmentation, OddMatricesArePackedBitByBit)
{
  const std::uint16_t sizes[][2] = {{5, 5}, {9, 7}, {10, 10}, {217, 181}, {16, 16}};
  for (const auto & size : sizes)
  {
    SCOPED_TRACE(Message(size[0], " x ", size[1]));
    const TemporaryFolder folder;
    WriteSource(folder, size[0], size[1], 6);
    const auto labels = RandomLabels(size[0], size[1], 6);
    const TemporaryFolder output;
    const auto path = output.Path("seg.dcm");
    WriteDicomSegmentation(path, labels, {}, folder.Path(""));
    // An independent reader: find the last element, (7FE0,0010) OB, and take bit b of the stream as
    // PS3.5 8.1.1 says.
    const auto file = Slurp(path);
    const auto at = file.rfind(std::string("\xE0\x7F\x10\x00OB\0\0", 8));
    ASSERT_NE(at, std::string::npos);
    const std::uint64_t plane = std::uint64_t{size[0]} * size[1];
    std::uint64_t wrong = 0;
    for (std::uint64_t frame = 0; frame < 12; ++frame) // label 1 in six slices, then label 2
    {
      for (std::uint64_t i = 0; i < plane; ++i)
      {
        const auto bit = frame * plane + i;
        const bool stored =
            (static_cast<unsigned char>(file[at + 12 + bit / 8]) >> bit % 8 & 1) != 0;
        const auto label = labels->GetBufferPointer()[frame % 6 * plane + i];
        wrong += stored == (label == frame / 6 + 1) ? 0 : 1;
      }
    }
    EXPECT_EQ(wrong, 0U);
    std::cout << size[0] << " x " << size[1] << ", 12 frames: " << wrong << " of " << 12 * plane
              << " bits wrong\n";
    const auto again = ReadSegmentation(path);
    RequireSameGrid(labels, again.image, "written", "read");
    EXPECT_TRUE(std::equal(labels->GetBufferPointer(),
                           labels->GetBufferPointer() + 6 * plane,
                           again.image->GetBufferPointer()));
    RequireSameGrid(ReadImage(folder.Path("")).image, again.image, "source series", "segmentation");
  }
}

TEST(DicomSegmentation, NamesCodesAndColorsSurvive)
{
  const TemporaryFolder folder;
  WriteSource(folder, 5, 4, 3);
  auto segment = DefaultSegment(2);
  segment.name = "Left hippocampus";
  segment.type = {"SCT", "5366008", "Hippocampal structure"};
  segment.color = {200, 40, 90};
  const TemporaryFolder output;
  const auto path = output.Path("seg.dcm");
  WriteDicomSegmentation(path, RandomLabels(5, 4, 3), {.segments = {segment}}, folder.Path(""));
  const auto again = ReadSegmentation(path);
  ASSERT_EQ(again.info.segments.size(), 2U);
  EXPECT_EQ(again.info.segments[1].name, "Left hippocampus");
  EXPECT_EQ(again.info.segments[1].type, segment.type);
  for (int i = 0; i < 3; ++i)
  {
    EXPECT_NEAR(again.info.segments[1].color[i], segment.color[i], 1);
  }
  EXPECT_THROW(WriteDicomSegmentation(path, RandomLabels(5, 4, 3), {}, folder.Path("")),
               OutputError);
}

TEST(DicomSegmentation, OnlyTheNamedSegmentsAreRead)
{
  const TemporaryFolder folder;
  WriteSource(folder, 5, 4, 3);
  SegmentationInfo info;
  info.segments = {DefaultSegment(1), DefaultSegment(2)};
  info.segments[0].name = "Left";
  info.segments[1].name = "Right";
  const TemporaryFolder output;
  const auto labels = RandomLabels(5, 4, 3);
  WriteDicomSegmentation(output.Path("seg.dcm"), labels, info, folder.Path(""));
  WriteOptions write;
  write.segments = info.segments;
  WriteImage(output.Path("label.seg.nrrd"), labels.GetPointer(), write);
  ReadOptions options;
  options.only = {"Right"};
  for (const std::string name : {"seg.dcm", "label.seg.nrrd"})
  {
    SCOPED_TRACE(name);
    const auto right = ReadSegmentation(output.Path(name), options);
    ASSERT_EQ(right.info.segments.size(), 1U);
    EXPECT_EQ(right.info.segments[0].name, "Right");
    for (std::size_t i = 0; i < 60; ++i)
    {
      ASSERT_EQ(right.image->GetBufferPointer()[i], labels->GetBufferPointer()[i] == 2 ? 2 : 0);
    }
    EXPECT_EQ(ReadLabels(output.Path(name), options).image->GetBufferPointer()[7],
              right.image->GetBufferPointer()[7]);
    ReadOptions wrong;
    wrong.only = {"Rigth"};
    EXPECT_THROW(ReadSegmentation(output.Path(name), wrong), UsageError);
  }
  WriteImage(output.Path("label.nii"), labels.GetPointer());
  EXPECT_THROW(ReadLabels(output.Path("label.nii"), options), UsageError);
}

TEST(DicomSegmentation, SameInputGivesTheSameBytes)
{
  const TemporaryFolder folder;
  WriteSource(folder, 5, 4, 3);
  const TemporaryFolder output;
  WriteDicomSegmentation(output.Path("a.dcm"), RandomLabels(5, 4, 3), {}, folder.Path(""));
  WriteDicomSegmentation(output.Path("b.dcm"), RandomLabels(5, 4, 3), {}, folder.Path(""));
  EXPECT_EQ(Slurp(output.Path("a.dcm")), Slurp(output.Path("b.dcm")));
}

TEST(DicomSegmentation, InheritedTextsKeepTheirBytesWhateverTheCharacterSet)
{
  const TemporaryFolder folder;
  DicomSample sample;
  for (auto & slice : sample.slices)
  {
    slice.patient = "M\xFCller"; // ISO_IR 100
  }
  sample.Write(folder);
  const TemporaryFolder output;
  WriteDicomSegmentation(output.Path("seg.dcm"), RandomLabels(5, 4, 3), {}, folder.Path(""));
  EXPECT_NE(Slurp(output.Path("seg.dcm")).find("M\xFCller"), std::string::npos);
}

TEST(DicomSegmentation, NamesOutsideAsciiSurvive)
{
  auto segment = DefaultSegment(1);
  segment.name = "Großhirn, links";
  for (const std::string set : {"", "ISO_IR 100", "ISO_IR 192"})
  {
    SCOPED_TRACE(set);
    const TemporaryFolder folder;
    const DicomSample sample;
    for (std::size_t i = 0; i < 3; ++i)
    {
      auto data = sample.Build(i);
      if (!set.empty())
      {
        data.Text(dicom::SpecificCharacterSet, "CS", set);
        data.Text(dicom::PatientName, "PN", set == "ISO_IR 100" ? "M\xFCller" : "Müller");
      }
      folder.Write(
          "s" + std::to_string(i),
          data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4." + std::to_string(i + 1)));
    }
    const TemporaryFolder output;
    WriteDicomSegmentation(
        output.Path("seg.dcm"), RandomLabels(5, 4, 3), {.segments = {segment}}, folder.Path(""));
    const auto file = Slurp(output.Path("seg.dcm"));
    EXPECT_NE(file.find(set == "ISO_IR 100" ? "Gro\xDFhirn" : "Großhirn"), std::string::npos);
    EXPECT_NE(file.find(set.empty() ? "ISO_IR 192" : set), std::string::npos);
    EXPECT_EQ(ReadSegmentation(output.Path("seg.dcm")).info.segments[0].name, segment.name);
  }
}

TEST(DicomSegmentation, FrameOfReferenceIsMadeWhereTheSourceHasNone)
{
  const TemporaryFolder folder;
  const DicomSample sample;
  for (std::size_t i = 0; i < 3; ++i)
  {
    auto data = sample.Build(i);
    data.Text(dicom::FrameOfReferenceUid, "UI", "");
    folder.Write("s" + std::to_string(i),
                 data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4." + std::to_string(i + 1)));
  }
  const TemporaryFolder output;
  WriteDicomSegmentation(output.Path("seg.dcm"), RandomLabels(5, 4, 3), {}, folder.Path(""));
  const auto file = ReadWholeFile(output.Path("seg.dcm"));
  EXPECT_FALSE(DicomFile(file, "seg.dcm").Data().Text(dicom::FrameOfReferenceUid).empty());
}

TEST(DicomSegmentation, TakesTheSeriesItRefersToFromItsReferenceFolder)
{
  const TemporaryFolder folder;
  DicomSample sample(3);
  sample.Write(folder);
  const TemporaryFolder output;
  auto labels = RandomLabels(5, 4, 3);
  std::fill(labels->GetBufferPointer(), labels->GetBufferPointer() + 20, 0);
  WriteDicomSegmentation(output.Path("seg.dcm"), labels, {}, folder.Path(""));
  sample.seriesUid = "1.2.3.77";
  sample.seriesNumber = "8";
  for (auto & slice : sample.slices)
  {
    slice.place += 1.0;
  }
  sample.Write(folder, "other");
  ReadOptions options;
  EXPECT_THROW(ReadImage(folder.Path(""), options), UsageError); // two series
  options.reference = folder.Path("");
  const auto placed = ReadLabels(output.Path("seg.dcm"), options).image;
  RequireSameGrid(labels, placed, "labels", "placed");
  EXPECT_TRUE(std::equal(
      labels->GetBufferPointer(), labels->GetBufferPointer() + 60, placed->GetBufferPointer()));
}

TEST(DicomSegmentation, RefersToTheVolumeItWasMadeFrom)
{
  const TemporaryFolder folder;
  DicomSample sample(6);
  for (std::size_t i = 3; i < 6; ++i)
  {
    sample.slices[i].place = static_cast<double>(i) - 3;
    sample.slices[i].echo = "9";
  }
  sample.Write(folder);
  const TemporaryFolder output;
  DicomWriteOptions options;
  options.sourceVolume = 1;
  const auto labels = NewImage<LabelImage>(GridOf(RandomLabels(5, 4, 3).GetPointer()), 1);
  WriteDicomSegmentation(output.Path("seg.dcm"), labels, {}, folder.Path(""), options);
  const auto file = Slurp(output.Path("seg.dcm"));
  for (int i = 1; i <= 6; ++i)
  {
    const auto uid = "1.2.3.4." + std::to_string(i);
    EXPECT_EQ(file.find(uid) != std::string::npos, i > 3) << uid;
  }
  options.sourceVolume = 2;
  EXPECT_THROW(WriteDicomSegmentation(output.Path("no.dcm"), labels, {}, folder.Path(""), options),
               UsageError);
}

TEST(DicomSegmentation, DeidentifiedFileHoldsNothingOfThePatient)
{
  const TemporaryFolder folder;
  WriteSource(folder, 5, 4, 3);
  const TemporaryFolder output;
  WriteDicomSegmentation(output.Path("open.dcm"), RandomLabels(5, 4, 3), {}, folder.Path(""));
  EXPECT_NE(Slurp(output.Path("open.dcm")).find("Sentinel"), std::string::npos);
  DicomWriteOptions options;
  options.deidentify = true;
  WriteDicomSegmentation(
      output.Path("closed.dcm"), RandomLabels(5, 4, 3), {}, folder.Path(""), options);
  const auto file = Slurp(output.Path("closed.dcm"));
  for (const std::string sentinel :
       {"Sentinel", "P1 ", "19450807", "20010203", "1.2.3.4", "1.2.3.9"})
  {
    EXPECT_EQ(file.find(sentinel), std::string::npos) << sentinel;
  }
  EXPECT_NO_THROW(ReadSegmentation(output.Path("closed.dcm")));
}

TEST(DicomSegmentation, IsPutOnTheGridOfItsReference)
{
  const TemporaryFolder folder;
  WriteSource(folder, 7, 6, 8);
  auto labels = RandomLabels(7, 6, 8);
  const std::size_t plane = 42;
  std::fill(labels->GetBufferPointer(), labels->GetBufferPointer() + 3 * plane, 0);
  std::fill(labels->GetBufferPointer() + 6 * plane, labels->GetBufferPointer() + 8 * plane, 0);
  const TemporaryFolder output;
  const auto path = output.Path("seg.dcm");
  WriteDicomSegmentation(path, labels, {}, folder.Path(""));
  EXPECT_EQ(GridOf(ReadSegmentation(path).image.GetPointer()).size[2], 3U);
  ReadOptions options;
  options.reference = folder.Path("");
  const auto whole = ReadLabels(path, options);
  RequireSameGrid(ReadImage(folder.Path("")).image, whole.image, "series", "segmentation");
  EXPECT_TRUE(std::equal(labels->GetBufferPointer(),
                         labels->GetBufferPointer() + 8 * plane,
                         whole.image->GetBufferPointer()));
  // The same reference with its axes turned round: every label stays at its place in space.
  auto turned = GridOf(whole.image.GetPointer());
  const auto corner = turned.PointAt(6, 0, 0);
  for (unsigned int row = 0; row < 3; ++row)
  {
    turned.origin[row] = corner[row];
    turned.direction[row][0] = -turned.direction[row][0];
  }
  WriteImage(output.Path("turned.nii"), NewImage<FloatImage>(turned).GetPointer());
  options.reference = output.Path("turned.nii");
  const auto mirrored = ReadLabels(path, options).image;
  for (std::size_t i = 0; i < 8 * plane; ++i)
  {
    ASSERT_EQ(mirrored->GetBufferPointer()[i - i % 7 + 6 - i % 7], labels->GetBufferPointer()[i]);
  }
  turned.origin[0] += 0.3;
  WriteImage(output.Path("moved.nii"), NewImage<FloatImage>(turned).GetPointer());
  options.reference = output.Path("moved.nii");
  EXPECT_THROW(ReadLabels(path, options), GeometryError);
  turned.origin[0] -= 0.3;
  turned.size[1] = 3;
  WriteImage(output.Path("small.nii"), NewImage<FloatImage>(turned).GetPointer());
  options.reference = output.Path("small.nii");
  EXPECT_THROW(ReadLabels(path, options), GeometryError);
}
