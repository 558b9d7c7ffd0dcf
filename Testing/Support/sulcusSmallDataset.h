#pragma once

#include <sulcusAtomicWrite.h>
#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>
#include <sulcusRunProgram.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sulcus
{

/** Tiny oblique, anisotropic volumes written as data sets of every kind, to be broken by tests. */
class SmallDataset
{
public:
  static ImageGrid
  Grid()
  {
    ImageGrid grid;
    grid.size = {{14, 12, 10}};
    grid.spacing[0] = 0.75;
    grid.spacing[1] = 1.0;
    grid.spacing[2] = 1.5;
    grid.origin[0] = -11.0;
    grid.origin[1] = 7.5;
    grid.origin[2] = 30.0;
    const double angle = 0.2;
    // Columns are the axes: x runs to the right (R), y to the back, z to the head, tilted about x.
    grid.direction[0][0] = -1.0;
    grid.direction[1][1] = std::cos(angle);
    grid.direction[1][2] = -std::sin(angle);
    grid.direction[2][1] = std::sin(angle);
    grid.direction[2][2] = std::cos(angle);
    return grid;
  }

  /** Noise around 20 with a bright ball of 100. */
  static FloatImage::Pointer
  Image(std::uint64_t seed, const ImageGrid & grid = Grid())
  {
    RandomEngine random(seed);
    auto image = NewImage<FloatImage>(grid);
    auto * voxels = image->GetBufferPointer();
    for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
    {
      voxels[i] =
          static_cast<float>(20.0 + random.Uniform(0.0, 5.0) + (Ball(i, grid) ? 80.0 : 0.0));
    }
    return image;
  }

  /** The ball, its lower half 1 and its upper half 2. */
  static LabelImage::Pointer
  Label(const ImageGrid & grid = Grid())
  {
    auto label = NewImage<LabelImage>(grid);
    const std::size_t slice = grid.size[0] * grid.size[1];
    for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
    {
      if (Ball(i, grid))
      {
        label->GetBufferPointer()[i] = i / slice < grid.size[2] / 2 ? 1 : 2;
      }
    }
    return label;
  }

  static bool
  Ball(std::size_t i, const ImageGrid & grid)
  {
    const auto x = static_cast<double>(i % grid.size[0]) - 6.5;
    const auto y = static_cast<double>(i / grid.size[0] % grid.size[1]) - 5.5;
    const auto z = static_cast<double>(i / grid.size[0] / grid.size[1]) - 4.5;
    return x * x + y * y + z * z < 12.0;
  }

  template <typename TImage>
  static void
  Write(const std::filesystem::path & path, const TImage & image)
  {
    std::filesystem::create_directories(path.parent_path());
    WriteOptions options;
    options.overwrite = true;
    WriteImage(path.string(), image.GetPointer(), options);
  }

  static void
  Text(const std::filesystem::path & path, const std::string & text)
  {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  /** nnU-Net raw folder with cases a, b, c, … */
  static void
  WriteRaw(const std::filesystem::path & root, int cases = 4, int channels = 1)
  {
    std::string names;
    for (int channel = 0; channel < channels; ++channel)
    {
      names += std::string(channel == 0 ? "" : ", ") + "\"" + std::to_string(channel) + "\": \"C" +
               std::to_string(channel) + "\"";
    }
    Text(root / "dataset.json",
         "{\"name\": \"small\", \"channel_names\": {" + names +
             "}, \"labels\": {\"background\": 0, \"lower\": 1, \"upper\": 2}, "
             "\"numTraining\": " +
             std::to_string(cases) + ", \"file_ending\": \".nii.gz\"}");
    for (int i = 0; i < cases; ++i)
    {
      const std::string id(1, static_cast<char>('a' + i));
      for (int channel = 0; channel < channels; ++channel)
      {
        Write(root / "imagesTr" / (id + "_000" + std::to_string(channel) + ".nii.gz"),
              Image(static_cast<std::uint64_t>(10 * i + channel)));
      }
      Write(root / "labelsTr" / (id + ".nii.gz"), Label());
    }
  }

  /** Decathlon folder with the same cases and an unlabelled test case. */
  static void
  WriteDecathlon(const std::filesystem::path & root, int cases = 3)
  {
    std::string list;
    for (int i = 0; i < cases; ++i)
    {
      const std::string id = "small_00" + std::to_string(i + 1);
      list += std::string(i == 0 ? "" : ", ") + "{\"image\": \"./imagesTr/" + id +
              ".nii.gz\", \"label\": \"./labelsTr/" + id + ".nii.gz\"}";
      Write(root / "imagesTr" / (id + ".nii.gz"), Image(static_cast<std::uint64_t>(i)));
      Write(root / "labelsTr" / (id + ".nii.gz"), Label());
    }
    Write(root / "imagesTs" / "small_009.nii.gz", Image(9));
    Text(root / "imagesTr" / "._small_001.nii.gz", "left by another system");
    Text(
        root / "dataset.json",
        "{\"name\": \"Small\", \"modality\": {\"0\": \"MRI\"}, \"labels\": {\"0\": \"background\", "
        "\"1\": \"Lower\", \"2\": \"Upper\"}, \"numTraining\": 3, \"numTest\": 1, \"training\": [" +
            list + "], \"test\": [\"./imagesTs/small_009.nii.gz\"]}");
  }

  /** Plain `images` and `labels` folders. */
  static void
  WritePlain(const std::filesystem::path & root, int cases = 4)
  {
    for (int i = 0; i < cases; ++i)
    {
      const std::string name = std::string(1, static_cast<char>('a' + i)) + ".nii.gz";
      Write(root / "images" / name, Image(static_cast<std::uint64_t>(i)));
      Write(root / "labels" / name, Label());
    }
  }
};

} // namespace sulcus
