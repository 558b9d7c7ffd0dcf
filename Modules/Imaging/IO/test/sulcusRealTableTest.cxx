#include <sulcusDicomRead.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

using namespace sulcus;

namespace
{

namespace fs = std::filesystem;

struct Row
{
  std::string name;
  std::string result;
  bool read = false;
  bool crashed = false;
};

/** Reads an image, all volumes of it, or a segmentation: whatever the path holds. */
std::string
ReadAnything(const std::string & path, const ReadOptions & options)
{
  if (IsDicomPath(path))
  {
    const auto series = ListDicomSeries(path, options);
    const bool segmentation = std::any_of(
        series.begin(),
        series.end(),
        [](const auto & s) { return s.kind == DicomSeriesSummary::Kind::Segmentation; });
    if (segmentation)
    {
      return "labels " + ToText(GridOf(ReadLabels(path, options).image.GetPointer()));
    }
  }
  const auto loaded = ReadVector(path, options);
  const auto count = loaded.image->GetNumberOfComponentsPerPixel();
  return (count > 1 ? std::to_string(count) + " volumes, " : std::string()) +
         ToText(GridOf(loaded.image.GetPointer()));
}

Row
RowOf(const fs::path & root, const fs::path & path)
{
  Row row;
  row.name = fs::relative(path, root).string();
  ReadOptions options;
  options.allowMissingGeometry = true; // single slices and files made for other purposes
  try
  {
    row.result = ReadAnything(path.string(), options);
    row.read = true;
  }
  catch (const Error & error)
  {
    row.result = error.what();
    row.result = row.result.substr(row.result.rfind(": ") + 2);
    row.crashed = std::string(error.what()).find("crashed") != std::string::npos;
  }
  return row;
}

/** Folders with a series of slices count as one case, other files by themselves. */
std::vector<fs::path>
CasesUnder(const fs::path & root)
{
  std::vector<fs::path> cases;
  for (const auto & entry : fs::recursive_directory_iterator(root))
  {
    const auto path = entry.path().string();
    const bool inSeries = path.find("/dicom2nifti/") != std::string::npos;
    if (entry.is_directory() && inSeries && path.find("/00") != std::string::npos)
    {
      cases.push_back(entry.path());
    }
    const auto ending = entry.path().extension();
    const bool volume = ending == ".nii" || ending == ".gz" || ending == ".mgz" ||
                        ending == ".mha" || ending == ".nrrd";
    const bool skipped =
        inSeries || ending == ".img" || path.find("orientations48") != std::string::npos;
    if (entry.is_regular_file() && !skipped && (volume || IsDicomPath(path)))
    {
      cases.push_back(entry.path());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

} // namespace

/** GDCM 3.0.21 aborts on this one; the worker process contains it, and it is refused. */
const std::string AbortsInGdcm = "rtdose_rle_1frame.dcm";

TEST(SlowRealTable, EveryFileIsReadOrRefusedWithAReason)
{
  const char * const root = std::getenv("SULCUS_TEST_DATA");
  if (root == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  std::map<std::string, std::pair<int, int>> counts;
  for (const std::string part : {"dicom", "nifti"})
  {
    for (const auto & path : CasesUnder(fs::path(root) / part))
    {
      const auto row = RowOf(root, path);
      const auto source = row.name.substr(0, row.name.find('/', part.size() + 1));
      (row.read ? counts[source].first : counts[source].second) += 1;
      EXPECT_EQ(row.crashed, row.name.ends_with(AbortsInGdcm)) << row.name << ": " << row.result;
      EXPECT_FALSE(row.result.empty()) << row.name;
      std::cout << row.name << '\t' << (row.read ? "read" : "refused") << '\t' << row.result
                << '\n';
    }
  }
  for (const auto & [source, count] : counts)
  {
    std::cout << source << ": " << count.first << " read, " << count.second << " refused\n";
  }
  EXPECT_EQ(counts["dicom/dicom2nifti"].second, 3); // tilt, gap, colour
  EXPECT_EQ(counts["nifti/niivue"].second, 2);      // sheared, complex
}

TEST(RealTable, EveryEncodingOfOneImageGivesTheSameVoxels)
{
  const char * const root = std::getenv("SULCUS_TEST_DATA");
  if (root == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const auto at = [&](const std::string & name)
  { return std::string(root) + "/dicom/pydicom/src/pydicom/data/test_files/" + name + ".dcm"; };
  ReadOptions options;
  options.allowMissingGeometry = true;
  const auto expected = ReadImage(at("MR_small"), options).image;
  const auto count = expected->GetLargestPossibleRegion().GetNumberOfPixels();
  for (const std::string ending : {"_bigendian",
                                   "_RLE",
                                   "_expb",
                                   "_implicit",
                                   "_jp2klossless",
                                   "_jpeg_ls_lossless",
                                   "_padded"})
  {
    SCOPED_TRACE(ending);
    const auto image = ReadImage(at("MR_small" + ending), options).image;
    RequireSameGrid(expected, image, "MR_small", ending);
    EXPECT_TRUE(std::equal(expected->GetBufferPointer(),
                           expected->GetBufferPointer() + count,
                           image->GetBufferPointer()));
  }
  EXPECT_THROW(ReadImage(at("MR_truncated"), options), InputError);
}
