#include "sulcusNiftiSample.h"
#include <sulcusAtomicWrite.h>
#include <sulcusSafeRead.h>

#include <itkImageRegionConstIteratorWithIndex.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

using namespace sulcus;

namespace
{

std::string
TestData(const std::string & relative)
{
  const char * const root = std::getenv("SULCUS_TEST_DATA");
  return root == nullptr ? "" : std::string(root) + "/" + relative;
}

#define SULCUS_NEEDS_TEST_DATA()                                                                   \
  if (std::getenv("SULCUS_TEST_DATA") == nullptr)                                                  \
  {                                                                                                \
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";                                                 \
  }

double
EdgeValue(const FloatImage::IndexType & index)
{
  return static_cast<double>(index[0] + 5 * index[1] + 20 * index[2]);
}

void
ExpectValues(const FloatImage * image,
             const std::function<double(const FloatImage::IndexType &)> & expected)
{
  ASSERT_EQ(image->GetLargestPossibleRegion().GetSize(), (FloatImage::SizeType{{5, 4, 3}}));
  itk::ImageRegionConstIteratorWithIndex<FloatImage> it(image, image->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    ASSERT_EQ(it.Get(), expected(it.GetIndex())) << it.GetIndex();
  }
}

} // namespace

TEST(NiftiEdge, EveryFileOfTheManifestGivesItsValue)
{
  SULCUS_NEEDS_TEST_DATA();
  const std::set<std::string> mayBeRefused = {"ok_c64_le.nii",
                                              "ok_c64_be.nii",
                                              "ok_rgb24.nii",
                                              "ok_analyze75.hdr",
                                              "ok_analyze75.img",
                                              "ok_no_xform.nii",
                                              "ok_pixdim0.nii",
                                              "ok_pixdim_negative.nii"};
  std::ifstream stream(TestData("nifti/edge/manifest.json"));
  const auto manifest = nlohmann::json::parse(stream);
  int read = 0;
  int refused = 0;
  for (const auto & [name, description] : manifest.items())
  {
    SCOPED_TRACE(name);
    const auto path = TestData("nifti/edge/" + name);
    if (mayBeRefused.contains(name))
    {
      EXPECT_THROW(ReadImage(path), Error);
      ++refused;
      continue;
    }
    if (name == "ok_4d_f32.nii")
    {
      EXPECT_THROW(ReadImage(path), GeometryError);
      ReadOptions second;
      second.volume = 1;
      ExpectValues(ReadImage(path, second).image,
                   [](const auto & i) { return EdgeValue(i) + 100; });
    }
    else if (name == "ok_5d_vec3.nii")
    {
      const auto loaded = ReadVector(path);
      EXPECT_EQ(loaded.image->GetNumberOfComponentsPerPixel(), 3U);
    }
    else if (name == "ok_slope2_inter-5.nii")
    {
      ExpectValues(ReadImage(path).image, [](const auto & i) { return 2 * EdgeValue(i) - 5; });
    }
    else
    {
      ExpectValues(ReadImage(path).image, EdgeValue);
    }
    ++read;
  }
  EXPECT_EQ(read + refused, 44);
  EXPECT_EQ(refused, 8);
}

TEST(NiftiEdge, DisagreeingTransformsFollowTheOptionAndWarn)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto path = TestData("nifti/edge/ok_qs_disagree.nii");
  const auto bySform = ReadImage(path);
  EXPECT_EQ(bySform.image->GetOrigin()[0], -90.0);
  EXPECT_EQ(bySform.image->GetOrigin()[1], 126.0);
  EXPECT_EQ(bySform.image->GetDirection()[0][0], 1.0); // RAS -2 is LPS +2
  EXPECT_EQ(bySform.warnings.size(), 1U);
  for (const auto choice :
       {NiftiTransform::QForm, NiftiTransform::Itk}) // sform code 2: ITK takes qform
  {
    ReadOptions options;
    options.niftiTransform = choice;
    EXPECT_EQ(ReadImage(path, options).image->GetOrigin()[0], -10.0);
  }
  ReadOptions strict;
  strict.niftiTransform = NiftiTransform::Refuse;
  EXPECT_THROW(ReadImage(path, strict), GeometryError);
}

TEST(NiftiEdge, QformWithNegativeFactorFlipsTheThirdAxis)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto image = ReadImage(TestData("nifti/edge/ok_qform_only_qfac-1.nii")).image;
  // RAS diag(-1, 1, 1) with offset (1, 2, 3)
  const auto direction = image->GetDirection();
  EXPECT_DOUBLE_EQ(direction[0][0], 1.0);
  EXPECT_DOUBLE_EQ(direction[1][1], -1.0);
  EXPECT_DOUBLE_EQ(direction[2][2], 1.0);
  EXPECT_DOUBLE_EQ(image->GetOrigin()[0], -1.0);
  EXPECT_DOUBLE_EQ(image->GetOrigin()[1], -2.0);
  EXPECT_DOUBLE_EQ(image->GetOrigin()[2], 3.0);
}

TEST(NiftiOrientations, All48AgreeVoxelForVoxelInSpace)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto reference = ReadImage(TestData("nifti/orientations48/RAS.nii.gz")).image;
  int agreed = 0;
  for (const auto & entry : std::filesystem::directory_iterator(TestData("nifti/orientations48")))
  {
    if (entry.path().extension() != ".gz")
    {
      continue;
    }
    SCOPED_TRACE(entry.path().filename().string());
    const auto image = ReadImage(entry.path().string()).image;
    ASSERT_EQ(image->GetLargestPossibleRegion().GetNumberOfPixels(),
              reference->GetLargestPossibleRegion().GetNumberOfPixels());
    std::size_t wrong = 0;
    itk::ImageRegionConstIteratorWithIndex<FloatImage> it(image, image->GetLargestPossibleRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      FloatImage::PointType point;
      image->TransformIndexToPhysicalPoint(it.GetIndex(), point);
      itk::ContinuousIndex<double, 3> where;
      const bool inside = reference->TransformPhysicalPointToContinuousIndex(point, where);
      FloatImage::IndexType index;
      double offset = 0.0;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        index[axis] = static_cast<itk::IndexValueType>(std::lround(where[axis]));
        offset = std::max(offset, std::abs(where[axis] - static_cast<double>(index[axis])));
      }
      wrong += inside && offset < 1e-3 && reference->GetPixel(index) == it.Get() ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0U);
    agreed += wrong == 0 ? 1 : 0;
  }
  EXPECT_EQ(agreed, 48);
}

TEST(NiftiReal, ShearIsRefusedOrRepairedWithAStatedResidual)
{
  SULCUS_NEEDS_TEST_DATA();
  const auto path = TestData("nifti/niivue/shear.nii.gz");
  EXPECT_THROW(ReadImage(path), GeometryError);
  ReadOptions options;
  options.fixNonOrthogonal = true;
  options.maximumFixAngleInDegrees = 5; // the axes are 18.5 degrees off, shared by both: 9.2 each
  EXPECT_THROW(ReadImage(path, options), GeometryError);
  options.maximumFixAngleInDegrees = 10;
  const auto repaired = ReadImage(path, options);
  EXPECT_GT(repaired.header.repairedResidualInMm, 1.0);
  EXPECT_FALSE(repaired.warnings.empty());
}

TEST(SafeRead, UncompressedSampleGivesGridAndValues)
{
  const auto sample = NiftiSample();
  const TemporaryFolder folder;
  const auto path = folder.Write("a.nii", sample.Bytes());
  const auto loaded = ReadImage(path);
  EXPECT_LT(LargestCornerDistance(GridOf(loaded.image.GetPointer()), sample.Grid()), 1e-4);
  ExpectValues(loaded.image, EdgeValue);
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(SafeRead, LabelsMustBeWholeNumbers)
{
  const TemporaryFolder folder;
  auto sample = NiftiSample();
  sample.SetFloat(112, 0.5F); // slope: half of the values end in .5
  EXPECT_THROW(ReadLabels(folder.Write("half.nii", sample.Bytes())), InputError);
  sample.SetFloat(112, 1.0F);
  sample.SetFloat(116, -3.0F); // negative values
  EXPECT_THROW(ReadLabels(folder.Write("negative.nii", sample.Bytes())), InputError);
  sample.SetFloat(116, 0.0F);
  const auto labels = ReadLabels(folder.Write("good.nii", sample.Bytes())).image;
  EXPECT_EQ(labels->GetPixel({{4, 3, 2}}), 4 + 15 + 40);
}

TEST(SafeRead, LinkFollowsButFolderAndMissingFileAreRefused)
{
  const TemporaryFolder folder;
  const auto path = folder.Write("a.nii", NiftiSample().Bytes());
  const auto link = folder.Path("link.nii");
  std::filesystem::create_symlink(path, link);
  EXPECT_NO_THROW(ReadImage(link));
  EXPECT_THROW(ReadImage(folder.Path("")), InputError);
  EXPECT_THROW(ReadImage(folder.Path("none.nii")), InputError);
}

TEST(AtomicWrite, FloatRoundTripKeepsVoxelsAndGrid)
{
  const TemporaryFolder folder;
  const auto source = ReadImage(folder.Write("a.nii", NiftiSample().Bytes())).image;
  for (const std::string name : {"b.nii", "b.nii.gz"})
  {
    SCOPED_TRACE(name);
    WriteImage(folder.Path(name), source.GetPointer());
    const auto again = ReadImage(folder.Path(name));
    RequireSameGrid(source, again.image, "source", name);
    ExpectValues(again.image, EdgeValue);
    EXPECT_TRUE(again.warnings.empty()) << again.warnings.front();
    for (const auto choice : {NiftiTransform::QForm, NiftiTransform::Refuse})
    {
      ReadOptions options;
      options.niftiTransform = choice;
      RequireSameGrid(source, ReadImage(folder.Path(name), options).image, "source", name);
    }
  }
}

TEST(AtomicWrite, EveryOrientationSurvivesBothTransforms)
{
  // All 48 signed permutations, each turned a little so that nothing is on an axis.
  const TemporaryFolder folder;
  const int permutations[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  const auto base = NiftiSample().Grid();
  for (int which = 0; which < 48; ++which)
  {
    SCOPED_TRACE(which);
    auto grid = base;
    for (int axis = 0; axis < 3; ++axis)
    {
      const double sign = (which >> axis & 1) != 0 ? -1.0 : 1.0;
      for (int row = 0; row < 3; ++row)
      {
        grid.direction[row][axis] = sign * base.direction[row][permutations[which / 8][axis]];
      }
    }
    const auto image = NewImage<LabelImage>(grid, 7);
    const auto path = folder.Path("label" + std::to_string(which) + ".nii");
    WriteImage(path, image.GetPointer());
    for (const auto choice : {NiftiTransform::SForm, NiftiTransform::QForm, NiftiTransform::Refuse})
    {
      ReadOptions options;
      options.niftiTransform = choice;
      const auto again = ReadLabels(path, options);
      EXPECT_LT(LargestCornerDistance(GridOf(again.image.GetPointer()), grid), 1e-4);
      EXPECT_EQ(again.header.voxelType, VoxelType::UInt8);
    }
  }
}

TEST(AtomicWrite, LargeLabelsAreStoredInTwoBytes)
{
  const TemporaryFolder folder;
  const auto image = NewImage<LabelImage>(NiftiSample().Grid(), 65535);
  WriteImage(folder.Path("a.nii.gz"), image.GetPointer());
  const auto again = ReadLabels(folder.Path("a.nii.gz"));
  EXPECT_EQ(again.header.voxelType, VoxelType::UInt16);
  EXPECT_EQ(again.image->GetPixel({{0, 0, 0}}), 65535);
}

TEST(AtomicWrite, ExistingFileStaysUnlessOverwriteIsAllowed)
{
  const TemporaryFolder folder;
  const auto path = folder.Path("a.nii");
  const auto first = NewImage<LabelImage>(NiftiSample().Grid(), 1);
  const auto second = NewImage<LabelImage>(NiftiSample().Grid(), 2);
  WriteImage(path, first.GetPointer());
  EXPECT_THROW(WriteImage(path, second.GetPointer()), OutputError);
  EXPECT_EQ(ReadLabels(path).image->GetPixel({{0, 0, 0}}), 1);
  WriteOptions options;
  options.overwrite = true;
  WriteImage(path, second.GetPointer(), options);
  EXPECT_EQ(ReadLabels(path).image->GetPixel({{0, 0, 0}}), 2);
  EXPECT_THROW(WriteImage(folder.Path("a.xyz"), first.GetPointer()), UsageError);
  EXPECT_THROW(WriteImage(folder.Path("none/a.nii"), first.GetPointer()), OutputError);
}

TEST(AtomicWrite, VectorRoundTripKeepsComponentOrder)
{
  const TemporaryFolder folder;
  const auto image = VectorImage::New();
  SetGrid(image, NiftiSample().Grid());
  image->SetVectorLength(3);
  image->Allocate();
  float * const buffer = image->GetBufferPointer();
  for (int i = 0; i < 5 * 4 * 3 * 3; ++i)
  {
    buffer[i] = static_cast<float>(i);
  }
  WriteImage(folder.Path("a.nii.gz"), image.GetPointer());
  const auto again = ReadVector(folder.Path("a.nii.gz")).image;
  ASSERT_EQ(again->GetNumberOfComponentsPerPixel(), 3U);
  for (int i = 0; i < 5 * 4 * 3 * 3; ++i)
  {
    ASSERT_EQ(again->GetBufferPointer()[i], static_cast<float>(i));
  }
}
