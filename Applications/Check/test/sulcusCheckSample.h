#pragma once

#include <sulcusAtomicWrite.h>
#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>
#include <sulcusRunProgram.h>

#include <itkImageRegionIteratorWithIndex.h>

#include <cmath>
#include <filesystem>
#include <sstream>
#include <string>

namespace sulcus
{

namespace fs = std::filesystem;

inline std::string
CaseName(int number)
{
  return "case_" + std::string(number < 10 ? "0" : "") + std::to_string(number);
}

inline ImageGrid
CommonGrid()
{
  ImageGrid grid;
  grid.size = {{24, 20, 16}};
  grid.spacing[2] = 1.5;
  return grid;
}

/** Two blobs, label 2 always 8 mm behind label 1, noise of its own for each case. */
inline void
MakeCase(const fs::path & root, int number, const ImageGrid & grid = CommonGrid())
{
  RandomEngine random(static_cast<std::uint64_t>(number) + 77);
  const auto image = NewImage<FloatImage>(grid);
  const auto label = NewImage<LabelImage>(grid);
  const double shift = random.Uniform(-1.5, 1.5);
  itk::ImageRegionIteratorWithIndex<LabelImage> it(label, label->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    const auto i = it.GetIndex();
    const double dx = static_cast<double>(i[0]) - 11 - shift;
    const double dz = static_cast<double>(i[2]) - 8;
    const double first = std::sqrt(dx * dx + std::pow(static_cast<double>(i[1]) - 5, 2) + dz * dz);
    const double second =
        std::sqrt(dx * dx + std::pow(static_cast<double>(i[1]) - 13, 2) + dz * dz);
    it.Set(first < 3.5 ? 1 : second < 3.5 ? 2 : 0);
    image->SetPixel(i, static_cast<float>(100.0 + 60.0 * it.Get() + random.Normal(0.0, 60.0)));
  }
  fs::create_directories(root / "imagesTr");
  fs::create_directories(root / "labelsTr");
  WriteOptions options;
  options.overwrite = true;
  WriteImage(
      (root / "imagesTr" / (CaseName(number) + ".nii.gz")).string(), image.GetPointer(), options);
  WriteImage(
      (root / "labelsTr" / (CaseName(number) + ".nii.gz")).string(), label.GetPointer(), options);
}

inline void
MakeDataSet(const fs::path & root)
{
  for (int number = 0; number < 20; ++number)
  {
    MakeCase(root, number);
  }
}

/** Faults in a table of findings. */
inline std::size_t
CountFaults(const std::string & table)
{
  std::size_t count = 0;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);)
  {
    count += line.starts_with("fault\t") ? 1 : 0;
  }
  return count;
}

} // namespace sulcus
