#include "sulcusNiftiSample.h"
#include <sulcusAtomicWrite.h>
#include <sulcusSafeRead.h>

#include <itkImageFileReader.h>
#include <itkImageFileWriter.h>
#include <itkMetaImageIO.h>
#include <itkNrrdImageIO.h>

#include <gtest/gtest.h>

using namespace sulcus;

namespace
{

FloatImage::Pointer
Ramp()
{
  const auto image = NewImage<FloatImage>(NiftiSample::Grid());
  for (int i = 0; i < 60; ++i)
  {
    image->GetBufferPointer()[i] = static_cast<float>(i) - 7.25F;
  }
  return image;
}

LabelImage::Pointer
Labels()
{
  const auto image = NewImage<LabelImage>(NiftiSample::Grid());
  for (int i = 0; i < 60; ++i)
  {
    image->GetBufferPointer()[i] = static_cast<std::uint16_t>(i % 4);
  }
  return image;
}

template <typename TImage>
void
ExpectSame(const TImage * a, const TImage * b)
{
  RequireSameGrid(a, b, "written", "read");
  for (int i = 0; i < 60; ++i)
  {
    ASSERT_EQ(a->GetBufferPointer()[i], b->GetBufferPointer()[i]);
  }
}

void
WriteWithItk(const FloatImage * image,
             itk::ImageIOBase * io,
             const std::string & path,
             bool compress)
{
  const auto writer = itk::ImageFileWriter<FloatImage>::New();
  writer->SetInput(image);
  writer->SetFileName(path);
  writer->SetImageIO(io);
  writer->SetUseCompression(compress);
  writer->Update();
}

FloatImage::Pointer
ReadWithItk(itk::ImageIOBase * io, const std::string & path)
{
  const auto reader = itk::ImageFileReader<FloatImage>::New();
  reader->SetFileName(path);
  reader->SetImageIO(io);
  reader->Update();
  return reader->GetOutput();
}

std::string
SmallNrrd(const std::string & extra, const std::string & sizes = "2 1 1")
{
  return "NRRD0004\ntype: unsigned char\ndimension: 3\nspace: left-posterior-superior\nsizes: " +
         sizes +
         "\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\n" +
         extra + "\n";
}

std::vector<std::byte>
AsBytes(const std::string & text)
{
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

} // namespace

TEST(Nrrd, AgreesWithItkBothWays)
{
  const TemporaryFolder folder;
  const auto image = Ramp();
  for (const bool compress : {false, true})
  {
    const auto path = folder.Path(compress ? "z.nrrd" : "r.nrrd");
    WriteWithItk(image, itk::NrrdImageIO::New(), path, compress);
    ExpectSame<FloatImage>(image, ReadImage(path).image);
  }
  WriteWithItk(image, itk::NrrdImageIO::New(), folder.Path("detached.nhdr"), false);
  ExpectSame<FloatImage>(image, ReadImage(folder.Path("detached.nhdr")).image);
  WriteImage(folder.Path("ours.nrrd"), image.GetPointer());
  ExpectSame<FloatImage>(image, ReadWithItk(itk::NrrdImageIO::New(), folder.Path("ours.nrrd")));
  ExpectSame<FloatImage>(image, ReadImage(folder.Path("ours.nrrd")).image);
}

TEST(MetaImage, AgreesWithItkBothWays)
{
  const TemporaryFolder folder;
  const auto image = Ramp();
  for (const std::string name : {"a.mha", "b.mhd"})
  {
    for (const bool compress : {false, true})
    {
      const auto path = folder.Path((compress ? "z" : "r") + name);
      WriteWithItk(image, itk::MetaImageIO::New(), path, compress);
      ExpectSame<FloatImage>(image, ReadImage(path).image);
    }
  }
  WriteImage(folder.Path("ours.mha"), image.GetPointer());
  ExpectSame<FloatImage>(image, ReadWithItk(itk::MetaImageIO::New(), folder.Path("ours.mha")));
  ExpectSame<FloatImage>(image, ReadImage(folder.Path("ours.mha")).image);
}

TEST(Nrrd, RightAnteriorSuperiorSpaceIsTurned)
{
  const TemporaryFolder folder;
  auto text = SmallNrrd("");
  text.replace(text.find("left-posterior-superior"), 23, "right-anterior-superior");
  text.replace(text.find("(0,0,0)"), 7, "(5,6,7)");
  const auto image = ReadImage(folder.Write("ras.nrrd", AsBytes(text + "ab"))).image;
  EXPECT_EQ(image->GetOrigin()[0], -5.0);
  EXPECT_EQ(image->GetOrigin()[1], -6.0);
  EXPECT_EQ(image->GetOrigin()[2], 7.0);
  EXPECT_EQ(image->GetDirection()[0][0], -1.0);
  EXPECT_EQ(image->GetPixel({{1, 0, 0}}), 'b');
}

TEST(Nrrd, DataFileElsewhereIsRefused)
{
  const TemporaryFolder folder;
  for (const std::string name :
       {"../x.raw", "/etc/passwd", "LIST", "slice%03d.raw 1 3 1", "missing.raw"})
  {
    const auto path = folder.Write("a.nhdr", AsBytes(SmallNrrd("data file: " + name + "\n")));
    EXPECT_THROW(ReadImage(path), InputError) << name;
  }
  folder.Write("real.raw", AsBytes("ab"));
  std::filesystem::create_symlink("/etc/passwd", folder.Path("link.raw"));
  EXPECT_THROW(ReadImage(folder.Write("a.nhdr", AsBytes(SmallNrrd("data file: link.raw\n")))),
               InputError);
  EXPECT_NO_THROW(ReadImage(folder.Write("a.nhdr", AsBytes(SmallNrrd("data file: real.raw\n")))));
}

TEST(Nrrd, UnknownAndRepeatedFieldsAreRefused)
{
  const TemporaryFolder folder;
  for (const std::string extra : {"bogus: 1\n",
                                  "type: short\n",
                                  "key:=1\nkey:=2\n",
                                  "byte skip: 3\n",
                                  "datafile: a\ndata file: b\n"})
  {
    EXPECT_THROW(ReadImage(folder.Write("a.nrrd", AsBytes(SmallNrrd(extra) + "ab"))), InputError)
        << extra;
  }
  EXPECT_NO_THROW(
      ReadImage(folder.Write("a.nrrd", AsBytes(SmallNrrd("# remark\nkey:=1\n") + "ab"))));
}

TEST(SegNrrd, NamesColorsAndTerminologySurvive)
{
  const TemporaryFolder folder;
  SegmentInfo liver = DefaultSegment(2);
  liver.name = "Left hippocampus";
  liver.color = {10, 20, 250};
  liver.type = {"SCT", "5366008", "Hippocampus"};
  WriteOptions options;
  options.segments = {liver};
  const auto image = Labels();
  WriteImage(folder.Path("a.seg.nrrd"), image.GetPointer(), options);
  const auto again = ReadSegmentation(folder.Path("a.seg.nrrd"));
  ExpectSame<LabelImage>(image, again.image);
  ASSERT_EQ(again.info.segments.size(), 3U); // labels 1 and 3 get a default
  EXPECT_EQ(again.info.segments[0].name, "Left hippocampus");
  EXPECT_EQ(again.info.segments[0].labelValue, 2);
  EXPECT_EQ(again.info.segments[0].color, liver.color);
  EXPECT_EQ(again.info.segments[0].type, liver.type);
  EXPECT_EQ(again.info.segments[1].labelValue, 1);
  EXPECT_THROW(WriteImage(folder.Path("b.seg.nrrd"), Ramp().GetPointer()), UsageError);
}

TEST(SegNrrd, LayersAreFlattenedUnlessTheyOverlap)
{
  const TemporaryFolder folder;
  std::string head =
      "NRRD0004\ntype: unsigned char\ndimension: 4\nspace: left-posterior-superior\nsizes: 2 3 1 "
      "1\n"
      "space directions: none (1,0,0) (0,1,0) (0,0,1)\nkinds: list domain domain domain\nspace "
      "origin: (0,0,0)\n"
      "encoding: raw\nSegment0_Name:=first\nSegment0_Layer:=0\nSegment0_LabelValue:=1\n"
      "Segment1_Name:=second\nSegment1_Layer:=1\nSegment1_LabelValue:=1\n\n";
  const auto apart = ReadSegmentation(
      folder.Write("apart.seg.nrrd", AsBytes(head + std::string("\1\0\0\1\0\0", 6))));
  EXPECT_EQ(apart.image->GetPixel({{0, 0, 0}}), 1);
  EXPECT_EQ(apart.image->GetPixel({{1, 0, 0}}), 2);
  EXPECT_EQ(apart.image->GetPixel({{2, 0, 0}}), 0);
  EXPECT_THROW(
      ReadLabels(folder.Write("over.seg.nrrd", AsBytes(head + std::string("\1\1\0\1\0\0", 6)))),
      GeometryError);
}

TEST(SegmentationJson, ReadsWhatDcmqiReadsAndRoundTrips)
{
  const std::string text =
      R"({"ContentCreatorName":"Reader1","SeriesDescription":"S","segmentAttributes":[[
    {"labelID":1,"SegmentDescription":"Liver","SegmentAlgorithmType":"SEMIAUTOMATIC","SegmentAlgorithmName":"S",
     "SegmentedPropertyCategoryCodeSequence":{"CodeValue":"85756007","CodingSchemeDesignator":"SCT","CodeMeaning":"Tissue"},
     "SegmentedPropertyTypeCodeSequence":{"CodeValue":"10200004","CodingSchemeDesignator":"SCT","CodeMeaning":"Liver"},
     "recommendedDisplayRGBValue":[221,130,101]}],[{"labelID":7,"SegmentLabel":"x"}]]})";
  const auto info = ParseSegmentationJson(text, "meta.json");
  ASSERT_EQ(info.segments.size(), 2U);
  EXPECT_EQ(info.segments[0].type.value, "10200004");
  EXPECT_EQ(info.segments[0].color[0], 221);
  EXPECT_EQ(info.segments[1].labelValue, 7);
  const auto again = ParseSegmentationJson(ToSegmentationJson(info), "again");
  EXPECT_EQ(again.segments[0].type, info.segments[0].type);
  EXPECT_EQ(again.segments[0].algorithmType, "SEMIAUTOMATIC");
  EXPECT_THROW(
      ParseSegmentationJson(R"({"segmentAttributes":[[{"labelID":1},{"labelID":1}]]})", "x"),
      UsageError);
  EXPECT_THROW(ParseSegmentationJson(R"({"segmentAttributes":[[{"labelID":0}]]})", "x"),
               UsageError);
  EXPECT_THROW(ParseSegmentationJson("{}", "x"), UsageError);
}

TEST(RealFiles, MetaImageAndMgzAgreeWithTheirNumbers)
{
  const char * const root = std::getenv("SULCUS_TEST_DATA");
  if (root == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const auto folder = std::string(root) + "/nifti/niivue/";
  const auto mha = GridOf(ReadImage(folder + "mha.mha").image.GetPointer());
  EXPECT_NEAR(mha.origin[1], 82.3795, 1e-9);
  EXPECT_EQ(mha.direction[1][1], -1.0);
  const auto mgz = ReadImage(folder + "norm.mgz");
  const auto grid = GridOf(mgz.image.GetPointer());
  EXPECT_EQ(OrientationCode(grid),
            "LIA"); // FreeSurfer's conformed space is LIA in its own "from" letters
  // index 128 in every axis is c_ras (-6.233, 9.516, -0.4387) in RAS
  const auto centre = grid.PointAt(128, 128, 128);
  EXPECT_NEAR(centre[0], 6.233024597, 1e-4);
  EXPECT_NEAR(centre[1], -9.515975952, 1e-4);
  EXPECT_NEAR(centre[2], -0.438743591, 1e-4);
  EXPECT_NO_THROW(ReadLabels(folder + "aparc.a2009s+aseg.mgz"));
}
