#include <sulcusAtomicWrite.h>
#include <sulcusDicomFolder.h>
#include <sulcusPreparedCache.h>
#include <sulcusSafeTensors.h>
#include <sulcusSmallDataset.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

namespace fs = std::filesystem;

/** Largest difference of two caches' tensors; whole numbers must be equal. */
double
DifferenceOf(const fs::path & a, const fs::path & b)
{
  const SafeTensorsReader first(a);
  const SafeTensorsReader second(b);
  double largest = 0.0;
  EXPECT_EQ(first.Tensors().size(), second.Tensors().size());
  for (const auto & tensor : first.Tensors())
  {
    const auto & other = second.Require(tensor.name);
    EXPECT_EQ(tensor.shape, other.shape) << tensor.name;
    if (tensor.type != ElementType::F32 || tensor.shape != other.shape)
    {
      EXPECT_TRUE(std::equal(
          tensor.bytes.begin(), tensor.bytes.end(), other.bytes.begin(), other.bytes.end()))
          << tensor.name;
      continue;
    }
    const auto x = Elements<float>(tensor);
    const auto y = Elements<float>(other);
    for (std::size_t i = 0; i < x.size(); ++i)
    {
      largest = std::max(largest, static_cast<double>(std::abs(x[i] - y[i])));
    }
  }
  return largest;
}

} // namespace

TEST(PrepareDicom, FoldersAndSegmentationsGiveTheCacheOfTheSameFiles)
{
  const TestFolder folder;
  const auto root = folder / "data";
  SmallDataset::WriteRaw(root, 3);
  std::string files = "case\timage\tlabel\n";
  std::string dicom = files;
  std::string named = files; // all series in one folder
  std::string vague = files;
  for (int i = 0; i < 3; ++i)
  {
    const std::string id(1, static_cast<char>('a' + i));
    auto image = SmallDataset::Image(static_cast<std::uint64_t>(i));
    auto * voxels = image->GetBufferPointer();
    std::transform(voxels,
                   voxels + SmallDataset::Grid().VoxelCount(),
                   voxels,
                   [](float v) { return std::round(v); });
    const auto uid = "1.2.826.99." + std::to_string(7 + i);
    const auto series = WriteDicomFolder(root / "scans" / id, image.GetPointer(), uid);
    SmallDataset::Write(root / (id + ".nii.gz"), image);
    SmallDataset::Write(root / (id + "_label.nii.gz"), SmallDataset::Label());
    WriteOptions write;
    write.dicomSource = series;
    write.segments = {DefaultSegment(1), DefaultSegment(2)};
    WriteImage((root / ("s" + id + ".dcm")).string(), SmallDataset::Label().GetPointer(), write);
    files += id + "\t" + id + ".nii.gz\t" + id + "_label.nii.gz\n";
    dicom += id + "\tscans/" + id + "\ts" + id + ".dcm\n";
    named += id + "\tscans#" + uid + "\ts" + id + ".dcm\n";
    vague += id + "\tscans\ts" + id + ".dcm\n";
  }
  SmallDataset::Text(root / "files.tsv", files);
  SmallDataset::Text(root / "dicom.tsv", dicom);
  SmallDataset::Text(root / "named.tsv", named);
  SmallDataset::Text(root / "vague.tsv", vague);
  for (const std::string kind : {"files", "dicom", "named"})
  {
    const auto run = RunProgram(
        "prepare", {(root / (kind + ".tsv")).string(), "--output", (folder / kind).string()});
    ASSERT_EQ(run.status, 0) << run.errors;
  }
  for (const std::string kind : {"dicom", "named"})
  {
    const PreparedCache cache(folder / kind);
    EXPECT_EQ(cache.Cases().size(), 3U);
    std::size_t compared = 0;
    for (const auto & name : FilesBelow(folder / kind))
    {
      if (name.ends_with(".safetensors"))
      {
        EXPECT_LT(DifferenceOf(folder / "files" / name, folder / kind / name), 1e-3) << name;
        ++compared;
      }
    }
    EXPECT_EQ(compared, 3U);
  }
  const auto refused = RunProgram(
      "prepare", {(root / "vague.tsv").string(), "--output", (folder / "vague").string()});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.errors.find("holds 3 series; choose one"), std::string::npos) << refused.errors;
}

} // namespace sulcus
