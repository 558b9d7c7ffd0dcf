#include <sulcusAtomicWrite.h>
#include <sulcusDicomFolder.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>
#include <sulcusSmallDataset.h>

#include <gtest/gtest.h>

namespace sulcus
{

namespace
{

FloatImage::Pointer
WholeNumbers(std::uint64_t seed)
{
  auto image = SmallDataset::Image(seed);
  const auto count = image->GetBufferedRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    image->GetBufferPointer()[i] = std::round(image->GetBufferPointer()[i]);
  }
  return image;
}

} // namespace

TEST(PreprocessDicom, FolderAndFileOfTheSameImageGiveTheSameResult)
{
  const TestFolder folder;
  const auto image = WholeNumbers(3);
  WriteDicomFolder(folder / "dicom", image.GetPointer());
  WriteImage((folder / "scan.nii.gz").string(), image.GetPointer());
  for (const std::string name : {"dicom", "scan.nii.gz"})
  {
    const auto run = RunProgram("preprocess",
                                {(folder / name).string(),
                                 (folder / (name + ".out.nii")).string(),
                                 "--orientation",
                                 "RAS",
                                 "--spacing",
                                 "1"});
    ASSERT_EQ(run.status, 0) << run.errors;
  }
  const auto fromDicom = ReadImage((folder / "dicom.out.nii").string()).image;
  const auto fromFile = ReadImage((folder / "scan.nii.gz.out.nii").string()).image;
  RequireSameGrid(fromDicom, fromFile, "DICOM", "file");
  const auto count = fromDicom->GetBufferedRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    ASSERT_NEAR(fromDicom->GetBufferPointer()[i], fromFile->GetBufferPointer()[i], 0.01);
  }
}

TEST(PreprocessDicom, ReferenceMayBeAFolder)
{
  const TestFolder folder;
  const auto image = WholeNumbers(4);
  WriteDicomFolder(folder / "dicom", image.GetPointer());
  auto grid = SmallDataset::Grid();
  grid.size = {{20, 20, 20}};
  grid.spacing.Fill(0.5);
  WriteImage((folder / "other.nii.gz").string(), NewImage<FloatImage>(grid, 7.0F).GetPointer());
  const auto run = RunProgram("preprocess",
                              {(folder / "other.nii.gz").string(),
                               (folder / "moved.nii").string(),
                               "--reference_image",
                               (folder / "dicom").string()});
  ASSERT_EQ(run.status, 0) << run.errors;
  RequireSameGrid(ReadImage((folder / "dicom").string()).image,
                  ReadImage((folder / "moved.nii").string()).image,
                  "DICOM",
                  "resampled image");
}

} // namespace sulcus
