#include "sulcusDicomSample.h"
#include <sulcusAtomicWrite.h>
#include <sulcusDicomRead.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace sulcus;

namespace
{

std::string
ReasonFor(const TemporaryFolder & folder, const ReadOptions & options = {})
{
  try
  {
    ReadImage(folder.Path(""), options);
  }
  catch (const Error & error)
  {
    return error.what();
  }
  return "accepted";
}

void
ExpectReason(const DicomSample & sample, const std::string & reason)
{
  const TemporaryFolder folder;
  sample.Write(folder);
  const auto text = ReasonFor(folder);
  EXPECT_NE(text.find(reason), std::string::npos) << text;
}

} // namespace

TEST(Dicom, SeriesIsSortedByPlaceAndExact)
{
  const TemporaryFolder folder;
  DicomSample().Write(folder);
  const auto loaded = ReadImage(folder.Path(""));
  RequireSameGrid(NiftiSample::Grid(), GridOf(loaded.image.GetPointer()), "truth", "series");
  for (int i = 0; i < 60; ++i)
  {
    ASSERT_EQ(loaded.image->GetBufferPointer()[i], static_cast<float>(i));
  }
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Dicom, ShuffledNegativeStoredValuesAreSignExtended)
{
  const TemporaryFolder folder;
  DicomSample sample(2);
  sample.slices[0].value = 4095; // 12 bits set: -1 when signed
  for (std::size_t i = 0; i < 2; ++i)
  {
    auto data = sample.Build(i);
    data.Words(dicom::PixelRepresentation, {1});
    data.Text(dicom::RescaleSlope, "DS", "2");
    data.Text(dicom::RescaleIntercept, "DS", "-10");
    folder.Write("s" + std::to_string(i),
                 data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4." + std::to_string(i)));
  }
  const auto image = ReadImage(folder.Path("")).image;
  EXPECT_EQ(image->GetPixel({{0, 0, 0}}), -12.0F);
  EXPECT_EQ(image->GetPixel({{1, 0, 0}}), -10.0F); // 4096 has its 13th bit outside the stored bits
}

TEST(Dicom, DoubtfulGeometryIsRefusedWithItsReason)
{
  DicomSample missing(5);
  missing.slices.erase(missing.slices.begin() + 2);
  ExpectReason(missing, "1 slices missing?");
  DicomSample twice(4);
  twice.slices.push_back(twice.slices[1]);
  ExpectReason(twice, "same place");
  DicomSample turned(4);
  turned.slices[2].turn = 0.02;
  ExpectReason(turned, "different orientations");
  DicomSample tilted(4);
  for (std::size_t i = 0; i < 4; ++i)
  {
    tilted.slices[i].sideways = 0.7 * static_cast<double>(i);
  }
  ExpectReason(tilted, "gantry tilt");
  DicomSample displaced(5);
  displaced.slices[2].sideways = 0.5;
  ExpectReason(displaced, "away from its place");
  DicomSample echoes(5);
  echoes.slices[2].echo = "9";
  ExpectReason(echoes, "mixed");
  DicomSample patients(3);
  patients.slices[1].patient = "P2";
  ExpectReason(patients, "two patients");
  DicomSample sizes(3);
  sizes.slices[1].rows = 3;
  ExpectReason(sizes, "pixels, other files");
}

TEST(Dicom, EchoesBecomeVolumes)
{
  const TemporaryFolder folder;
  DicomSample sample(3);
  for (std::size_t i = 0; i < 3; ++i)
  {
    auto slice = sample.slices[i];
    slice.echo = "12";
    slice.value += 500;
    sample.slices.push_back(slice);
  }
  sample.Write(folder);
  EXPECT_NE(ReasonFor(folder).find("--volume"), std::string::npos);
  ReadOptions options;
  options.volume = 1;
  EXPECT_EQ(ReadImage(folder.Path(""), options).image->GetPixel({{1, 0, 0}}), 501.0F);
  EXPECT_EQ(ReadVector(folder.Path("")).image->GetNumberOfComponentsPerPixel(), 2U);
  options.volume = 2;
  EXPECT_THROW(ReadImage(folder.Path(""), options), UsageError);
}

TEST(Dicom, SeveralSeriesNeedAChoice)
{
  const TemporaryFolder folder;
  DicomSample().Write(folder, "a");
  DicomSample other;
  other.seriesUid = "1.2.3.5";
  other.seriesNumber = "12";
  other.slices[0].value = 1000;
  other.Write(folder, "b");
  EXPECT_NE(ReasonFor(folder).find("choose one with --series"), std::string::npos);
  for (const std::string choice : {"1.2.3.5", "12", "#2"})
  {
    ReadOptions options;
    options.series = choice;
    EXPECT_EQ(ReadImage(folder.Path(""), options).image->GetPixel({{0, 0, 0}}), 1000.0F) << choice;
    const auto named = folder.Path("") + "#" + choice;
    EXPECT_TRUE(IsDicomPath(named));
    options.series = "7"; // of all inputs; the path wins
    EXPECT_EQ(ReadImage(named, options).image->GetPixel({{0, 0, 0}}), 1000.0F) << named;
    EXPECT_EQ(ReadHeader(named).header.size, ReadHeader(folder.Path("") + "#7").header.size)
        << named;
  }
  ReadOptions options;
  options.series = "3";
  EXPECT_NE(ReasonFor(folder, options).find("no series is '3'"), std::string::npos);
  const auto unknown = [&] { ReadImage(folder.Path("") + "#3"); };
  EXPECT_THAT(unknown,
              testing::ThrowsMessage<UsageError>(
                  testing::AllOf(testing::HasSubstr("no series is '3'; there are number 7 (MR"),
                                 testing::HasSubstr("number 12 (MR, 3 files)"))));
  const auto list = ListDicomSeries(folder.Path(""));
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].number, "7");
  EXPECT_EQ(list[1].files, 3U);
}

TEST(Dicom, OnlyAFolderBeforeTheMarkNamesASeries)
{
  const TemporaryFolder folder;
  for (const char * name : {"a", "b#7"}) // the latter is a folder of this very name
  {
    std::filesystem::create_directory(folder.Path(name));
  }
  const auto split = [&](const std::string & name)
  {
    const auto found = SplitSeriesPath(folder.Path(name));
    return std::pair(found.path, found.series);
  };
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(split("a#7"), Pair(folder.Path("a"), "7"));
  EXPECT_EQ(split("a##1"), Pair(folder.Path("a"), "#1"));
  EXPECT_EQ(split("a#"), Pair(folder.Path("a#"), ""));
  EXPECT_EQ(split("b#7"), Pair(folder.Path("b#7"), ""));
  EXPECT_EQ(split("b#7#1.2"), Pair(folder.Path("b#7"), "1.2"));
  EXPECT_EQ(split("none#7"), Pair(folder.Path("none#7"), ""));
  EXPECT_THROW(ReadImage(folder.Path("none#7")), InputError);
}

TEST(Dicom, DamagedFileIsRefusedNotSkipped)
{
  const TemporaryFolder folder;
  DicomSample().Write(folder);
  const auto whole = DicomSample().Build(0).EncodeFile("1.2", "1.2.3");
  for (const std::size_t length : {140UL, whole.size() / 2, whole.size() - 2})
  {
    folder.Write("cut", Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    EXPECT_THROW(ReadImage(folder.Path("")), InputError) << length;
  }
  folder.Write("cut", std::vector<std::byte>(500, std::byte{'x'})); // no DICOM: left out
  EXPECT_NO_THROW(ReadImage(folder.Path("")));
}

TEST(Dicom, ResamplingRestoresALinearRamp)
{
  // f = 3x + 2y + 5z in mm along the series axes is linear, so trilinear resampling must reproduce
  // it everywhere inside.
  const TemporaryFolder folder;
  DicomSample sample(6);
  const double places[] = {0, 1, 2, 3.5, 4, 5};
  for (std::size_t i = 0; i < 6; ++i)
  {
    sample.slices[i].place = places[i];
    sample.slices[i].sideways = 0.6 * places[i];
    auto data = sample.Build(i);
    Bytes pixels;
    for (int y = 0; y < 4; ++y)
    {
      for (int x = 0; x < 5; ++x)
      {
        const double mmX = 0.75 * x + sample.slices[i].sideways;
        const int value =
            static_cast<int>(std::lround(20 * (3 * mmX + 2 * 1.25 * y + 5 * 4.0 * places[i])));
        pixels.push_back(std::byte{static_cast<std::uint8_t>(value & 255)});
        pixels.push_back(std::byte{static_cast<std::uint8_t>(value >> 8 & 255)});
      }
    }
    data.Raw(dicom::PixelData, "OW", pixels);
    folder.Write("s" + std::to_string(i),
                 data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.9." + std::to_string(i)));
  }
  EXPECT_THROW(ReadImage(folder.Path("")), GeometryError);
  ReadOptions options;
  options.resampleIrregular = true;
  const auto loaded = ReadImage(folder.Path(""), options);
  EXPECT_FALSE(loaded.warnings.empty());
  const auto grid = GridOf(loaded.image.GetPointer());
  EXPECT_NEAR(grid.spacing[2], 2.0, 1e-6);
  EXPECT_EQ(grid.size[2], 11U);
  const auto truth = NiftiSample::Grid();
  int inside = 0;
  itk::ImageRegionConstIteratorWithIndex<FloatImage> it(loaded.image,
                                                        loaded.image->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    const auto i = it.GetIndex();
    const auto offset = grid.PointAt(double(i[0]), double(i[1]), double(i[2])) - truth.origin;
    double mm[3] = {};
    for (int axis = 0; axis < 3; ++axis)
    {
      for (int row = 0; row < 3; ++row)
      {
        mm[axis] += truth.direction[row][axis] * offset[row];
      }
    }
    const double lean = 0.6 / 4.0 * mm[2];
    if (mm[0] < lean + 0.31 || mm[0] > lean + 2.69)
    {
      continue; // outside one of the two neighbouring slices, at most 0.3 mm apart
    }
    EXPECT_NEAR(it.Get(), 20 * (3 * mm[0] + 2 * mm[1] + 5 * mm[2]), 1.01);
    ++inside;
  }
  EXPECT_GT(inside, 100);
}

TEST(DicomStructures, ContoursAreDrawnOnTheReference)
{
  const TemporaryFolder folder;
  const auto grid = NiftiSample::Grid();
  WriteImage(folder.Path("reference.nii"), NewImage<FloatImage>(grid).GetPointer());
  // A square from index (0.5, 0.5) to (3.5, 2.5) in slice 1 with a hole around (2, 1).
  const auto contour = [&](std::vector<std::array<double, 2>> points)
  {
    std::vector<double> values;
    for (const auto & p : points)
    {
      const auto point = grid.PointAt(p[0], p[1], 1);
      values.insert(values.end(), {point[0], point[1], point[2]});
    }
    DicomBuilder item;
    item.Text(dicom::ContourGeometricType, "CS", "CLOSED_PLANAR");
    item.Decimals(dicom::ContourData, values);
    return item;
  };
  DicomBuilder roi;
  roi.Text(dicom::RoiDisplayColor, "IS", "255\\0\\0");
  roi.Sequence(dicom::ContourSequence,
               {contour({{0.5, 0.5}, {3.5, 0.5}, {3.5, 2.5}, {0.5, 2.5}}),
                contour({{1.6, 0.6}, {2.4, 0.6}, {2.4, 1.4}, {1.6, 1.4}})});
  roi.Text(dicom::ReferencedRoiNumber, "IS", "4");
  DicomBuilder name;
  name.Text(dicom::RoiNumber, "IS", "4");
  name.Text(dicom::RoiName, "LO", "Bladder");
  DicomBuilder data;
  data.Text(dicom::SopClassUid, "UI", "1.2.840.10008.5.1.4.1.1.481.3");
  data.Text(dicom::SeriesInstanceUid, "UI", "1.2.77");
  data.Sequence(dicom::StructureSetRoiSequence, {name});
  data.Sequence(dicom::RoiContourSequence, {roi});
  const auto path =
      folder.Write("rt.dcm", data.EncodeFile("1.2.840.10008.5.1.4.1.1.481.3", "1.2.78"));
  EXPECT_THROW(ReadSegmentation(path), UsageError);
  ReadOptions options;
  options.reference = folder.Path("reference.nii");
  const auto loaded = ReadSegmentation(path, options);
  ASSERT_EQ(loaded.info.segments.size(), 1U);
  EXPECT_EQ(loaded.info.segments[0].name, "Bladder");
  ReadOptions other = options;
  other.only = {"Bone"};
  EXPECT_THROW(ReadSegmentation(path, other), UsageError);
  other.only = {"Bladder"};
  EXPECT_EQ(ReadSegmentation(path, other).info.segments.size(), 1U);
  for (int z = 0; z < 3; ++z)
  {
    for (int y = 0; y < 4; ++y)
    {
      for (int x = 0; x < 5; ++x)
      {
        const bool inside = z == 1 && x >= 1 && x <= 3 && y >= 1 && y <= 2 && !(x == 2 && y == 1);
        EXPECT_EQ(loaded.image->GetPixel({{x, y, z}}), inside ? 1 : 0) << x << ' ' << y << ' ' << z;
      }
    }
  }
}

TEST(Worker, CrashesAndLimitsAreReported)
{
  const TemporaryFolder folder;
  auto data = DicomSample(1).Build(0);
  data.Words(dicom::Rows, {60000});
  data.Words(dicom::Columns, {60000});
  folder.Write("huge", data.EncodeFile("1.2", "1.2.3"));
  EXPECT_THROW(ReadImage(folder.Path("")), Error); // claims 7 GB, holds 40 bytes
}
