#include <sulcusDicomRead.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

using namespace sulcus;

namespace
{

std::string
DicomData(const std::string & relative)
{
  const char * const root = std::getenv("SULCUS_TEST_DATA");
  return root == nullptr ? std::string() : std::string(root) + "/dicom/" + relative;
}

#define SULCUS_NEEDS_TEST_DATA()                                                                   \
  if (std::getenv("SULCUS_TEST_DATA") == nullptr)                                                  \
  {                                                                                                \
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";                                                 \
  }

/** Largest distance between the corners of one grid and the nearest corner of the other: equal
 * boxes give 0 whatever the order of their axes. */
double
BoxDistance(const ImageGrid & a, const ImageGrid & b)
{
  const auto corner = [](const ImageGrid & grid, int which)
  {
    double index[3];
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      index[axis] = (which >> axis & 1) != 0 ? static_cast<double>(grid.size[axis]) - 1.0 : 0.0;
    }
    return grid.PointAt(index[0], index[1], index[2]);
  };
  double largest = 0.0;
  for (int i = 0; i < 8; ++i)
  {
    double nearest = 1e9;
    for (int j = 0; j < 8; ++j)
    {
      nearest = std::min(nearest, (corner(a, i) - corner(b, j)).GetNorm());
    }
    largest = std::max(largest, nearest);
  }
  return largest;
}

/** Voxels of `image` that differ from those of `reference` at the same point in space. */
std::size_t
CountDifferences(const FloatImage * image, const FloatImage * reference)
{
  std::size_t wrong = 0;
  itk::ImageRegionConstIteratorWithIndex<FloatImage> it(image, image->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    FloatImage::PointType point;
    image->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    FloatImage::IndexType index;
    const bool inside = reference->TransformPhysicalPointToIndex(point, index);
    // One step of a float: rescaled values are rounded once, in double or in single precision.
    const double expected = inside ? reference->GetPixel(index) : 0.0;
    wrong += inside && std::abs(expected - it.Get()) <= 1.2e-7 * std::abs(expected) ? 0 : 1;
  }
  return wrong;
}

struct Case
{
  std::string folder;
  std::string reference;
};

/** Every folder beside a reference of its name. */
std::vector<Case>
CasesWithReference()
{
  std::vector<Case> cases;
  const std::string end = "_ground_truth.nii.gz";
  for (const auto & entry : std::filesystem::recursive_directory_iterator(DicomData("dicom2nifti")))
  {
    const auto path = entry.path().string();
    if (path.ends_with(end) && path.find("/gantrytilting/") == std::string::npos &&
        path.find("/rgb/") == std::string::npos && path.find("/fmri/") == std::string::npos)
    {
      cases.push_back({path.substr(0, path.size() - end.size()), path});
    }
  }
  std::sort(cases.begin(),
            cases.end(),
            [](const auto & a, const auto & b) { return a.folder < b.folder; });
  return cases;
}

} // namespace

TEST(DicomReal, SeriesEqualTheirReferences)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto cases = CasesWithReference();
  ASSERT_GE(cases.size(), 14U);
  for (const auto & [folder, reference] : cases)
  {
    SCOPED_TRACE(folder);
    ReadOptions options;
    options.allowMissingGeometry =
        folder.find("single_slice") != std::string::npos; // states no thickness
    const auto loaded = ReadImage(folder, options);
    const auto expected = ReadImage(reference);
    const double distance =
        BoxDistance(GridOf(loaded.image.GetPointer()), GridOf(expected.image.GetPointer()));
    const auto wrong = CountDifferences(loaded.image, expected.image);
    EXPECT_LE(distance, 1e-3);
    EXPECT_EQ(wrong, 0U);
    std::cout << std::filesystem::relative(folder, DicomData("")).string() << ": corners "
              << distance << " mm, " << wrong << " voxels differ\n";
  }
}

TEST(DicomReal, FunctionalSeriesHasAllTimePoints)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto folder = DicomData("dicom2nifti/philips_enhanced/fmri/001");
  EXPECT_THROW(ReadImage(folder), GeometryError);
  const auto series = ReadVector(folder);
  const auto expected =
      ReadVector(DicomData("dicom2nifti/philips_enhanced/fmri/001_ground_truth.nii.gz"));
  ASSERT_EQ(series.image->GetNumberOfComponentsPerPixel(),
            expected.image->GetNumberOfComponentsPerPixel());
  EXPECT_LE(BoxDistance(GridOf(series.image.GetPointer()), GridOf(expected.image.GetPointer())),
            1e-3);
  ReadOptions options;
  for (std::uint64_t volume = 0; volume < series.image->GetNumberOfComponentsPerPixel(); ++volume)
  {
    options.volume = volume;
    EXPECT_EQ(CountDifferences(
                  ReadImage(folder, options).image,
                  ReadImage(DicomData("dicom2nifti/philips_enhanced/fmri/001_ground_truth.nii.gz"),
                            options)
                      .image),
              0U);
  }
}

TEST(DicomReal, BrokenSeriesAreRefusedWithTheReason)
{
  SULCUS_NEEDS_TEST_DATA();
  const std::pair<const char *, const char *> cases[] = {
      {"gantrytilting", "tilt"}, {"notavolume", "single slice"}, {"sliceincrement", "gap"}};
  for (const auto & [name, reason] : cases)
  {
    SCOPED_TRACE(name);
    const auto folder = DicomData("dicom2nifti/failing/" + std::string(name) + "/001");
    try
    {
      ReadImage(folder);
      ADD_FAILURE() << "was accepted";
    }
    catch (const GeometryError & error)
    {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
      std::cout << error.what() << '\n';
    }
  }
}

TEST(DicomReal, TiltIsResampledOnRequest)
{
  SULCUS_NEEDS_TEST_DATA();
  ReadOptions options;
  options.resampleIrregular = true;
  const auto loaded = ReadImage(DicomData("dicom2nifti/failing/gantrytilting/001"), options);
  EXPECT_FALSE(loaded.warnings.empty());
  const auto grid = GridOf(loaded.image.GetPointer());
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_GT(grid.size[axis], 1U);
  }
}

TEST(DicomReal, ListShowsEverySeries)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto list = ListDicomSeries(DicomData("dicom2nifti/ge/anatomical/001"));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_TRUE(list[0].problem.empty()) << list[0].problem;
  EXPECT_FALSE(list[0].geometry.empty());
  const auto tilted = ListDicomSeries(DicomData("dicom2nifti/failing/gantrytilting/001"));
  EXPECT_NE(tilted.at(0).problem.find("tilt"), std::string::npos);
}

TEST(DicomReal, CompressedFilesEqualTheirUncompressedReferences)
{
  SULCUS_NEEDS_TEST_DATA();
  ReadOptions options;
  options.allowMissingGeometry = true;
  int lossless = 0;
  for (const std::string name : {"MR1", "MR2", "CT1"})
  {
    const auto at = [&](const std::string & syntax)
    { return DicomData("wg04/data/WG04/" + syntax + "/" + name + "_" + syntax); };
    const auto reference =
        ReadImage(DicomData("wg04/data/WG04/REF/" + name + "_UNC"), options).image;
    for (const std::string syntax : {"J2KR", "JLSL", "JPLL", "RLE"})
    {
      SCOPED_TRACE(at(syntax));
      if (name == "MR1" && syntax == "JLSL")
      {
        EXPECT_THROW(ReadImage(at(syntax), options),
                     InputError); // GDCM 3.0.21 cannot decode it: refused, not guessed
        continue;
      }
      EXPECT_EQ(CountDifferences(ReadImage(at(syntax), options).image, reference), 0U);
      ++lossless;
    }
    for (const std::string syntax : {"J2KI", "JLSN", "JPLY"})
    {
      if (std::filesystem::exists(at(syntax)))
      {
        SCOPED_TRACE(at(syntax));
        const auto lossy = ReadImage(at(syntax), options);
        EXPECT_TRUE(std::any_of(lossy.warnings.begin(),
                                lossy.warnings.end(),
                                [](const auto & w)
                                { return w.find("lossy") != std::string::npos; }));
      }
    }
  }
  EXPECT_EQ(lossless, 11);
}

TEST(DicomReal, SegmentationsAgreeWithTheLabelMapsTheyWereMadeFrom)
{
  SULCUS_NEEDS_TEST_DATA();
  const std::pair<const char *, const char *> cases[] = {
      {"24x38x3/seg/label.seg", "24x38x3/nrrd/label.nrrd"}, {"liver.dcm", "liver_seg.nrrd"}};
  for (const auto & [segmentation, labelMap] : cases)
  {
    SCOPED_TRACE(segmentation);
    const auto loaded =
        ReadSegmentation(DicomData("dcmqi/data/segmentations/" + std::string(segmentation)));
    const auto expected =
        ReadLabels(DicomData("dcmqi/data/segmentations/" + std::string(labelMap)));
    std::size_t inside = 0;
    std::size_t wrong = 0;
    itk::ImageRegionConstIteratorWithIndex<LabelImage> it(
        expected.image, expected.image->GetLargestPossibleRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      LabelImage::PointType point;
      expected.image->TransformIndexToPhysicalPoint(it.GetIndex(), point);
      LabelImage::IndexType index;
      const bool covered = loaded.image->TransformPhysicalPointToIndex(point, index);
      wrong += (covered ? loaded.image->GetPixel(index) : 0) == it.Get() ? 0 : 1;
      inside += it.Get() != 0 ? 1 : 0;
    }
    EXPECT_EQ(wrong, 0U);
    EXPECT_GT(inside, 0U);
    EXPECT_FALSE(loaded.info.segments.empty());
  }
}

TEST(DicomReal, HighdicomSegmentationsAreReadOrRefused)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto at = [](const std::string & name)
  { return DicomData("highdicom/data/test_files/" + name); };
  for (const std::string name : {"seg_image_ct_binary.dcm",
                                 "seg_image_ct_binary_fractional.dcm",
                                 "seg_image_ct_true_fractional.dcm",
                                 "seg_image_ct_binary_single_frame.dcm"})
  {
    SCOPED_TRACE(name);
    EXPECT_NO_THROW(ReadSegmentation(at(name)));
  }
  EXPECT_THROW(ReadSegmentation(at("seg_image_ct_binary_overlap.dcm")), GeometryError);
  EXPECT_THROW(ReadSegmentation(at("seg_image_sm_control.dcm")),
               Error); // slide microscopy has no volume
}
