#pragma once

#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>

#include <cmath>

namespace sulcus
{

/** A rotated, anisotropic grid away from the origin whose axes run towards the body sides of
 * `code`. */
inline ImageGrid
AwkwardGrid(const std::string & code, const ImageGrid::Base::SizeType & size, double degrees = 17.0)
{
  const double a = degrees * std::acos(-1.0) / 180.0;
  ImageGrid::Base::DirectionType aboutZ;
  ImageGrid::Base::DirectionType aboutX;
  aboutZ.SetIdentity();
  aboutX.SetIdentity();
  aboutZ[0][0] = aboutZ[1][1] = std::cos(a);
  aboutZ[0][1] = -std::sin(a);
  aboutZ[1][0] = std::sin(a);
  aboutX[1][1] = aboutX[2][2] = std::cos(0.6 * a);
  aboutX[1][2] = -std::sin(0.6 * a);
  aboutX[2][1] = std::sin(0.6 * a);
  ImageGrid::Base::DirectionType axes;
  axes.Fill(0.0);
  const std::string along = "LPS";
  const std::string against = "RAI";
  for (unsigned int i = 0; i < 3; ++i)
  {
    const auto forward = along.find(code[i]);
    const auto row = forward == std::string::npos ? against.find(code[i]) : forward;
    axes[static_cast<unsigned int>(row)][i] = forward == std::string::npos ? -1.0 : 1.0;
  }
  ImageGrid grid;
  grid.size = size;
  grid.spacing[0] = 0.8;
  grid.spacing[1] = 1.3;
  grid.spacing[2] = 2.1;
  grid.origin[0] = -31.7;
  grid.origin[1] = 48.2;
  grid.origin[2] = 12.9;
  grid.direction = ImageGrid::Base::DirectionType(aboutZ.GetVnlMatrix() * aboutX.GetVnlMatrix() *
                                                  axes.GetVnlMatrix());
  return grid;
}

/** Smooth, different everywhere: a sum of waves of the position in millimetres. */
inline double
Wave(const itk::Point<double, 3> & p)
{
  return 100.0 + 20.0 * std::sin(0.21 * p[0] + 0.3) + 15.0 * std::cos(0.17 * p[1]) +
         10.0 * std::sin(0.13 * p[2] + 1.0) + 0.5 * p[0];
}

inline FloatImage::Pointer
WaveImage(const ImageGrid & grid)
{
  auto image = NewImage<FloatImage>(grid);
  float * out = image->GetBufferPointer();
  for (std::size_t z = 0; z < grid.size[2]; ++z)
  {
    for (std::size_t y = 0; y < grid.size[1]; ++y)
    {
      for (std::size_t x = 0; x < grid.size[0]; ++x)
      {
        *out++ = static_cast<float>(Wave(
            grid.PointAt(static_cast<double>(x), static_cast<double>(y), static_cast<double>(z))));
      }
    }
  }
  return image;
}

template <typename TImage>
typename TImage::Pointer
NoiseImage(const ImageGrid & grid, std::int64_t highest, std::uint64_t seed)
{
  auto image = NewImage<TImage>(grid);
  RandomEngine random(seed);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    image->GetBufferPointer()[i] =
        static_cast<typename TImage::PixelType>(random.Integer(0, highest));
  }
  return image;
}

/** Blobs of labels 0 … highest, several voxels wide. */
inline LabelImage::Pointer
BlobLabels(const ImageGrid & grid, int highest)
{
  auto image = NewImage<LabelImage>(grid);
  std::uint16_t * out = image->GetBufferPointer();
  for (std::size_t z = 0; z < grid.size[2]; ++z)
  {
    for (std::size_t y = 0; y < grid.size[1]; ++y)
    {
      for (std::size_t x = 0; x < grid.size[0]; ++x)
      {
        const double wave = std::sin(0.7 * static_cast<double>(x)) +
                            std::cos(0.5 * static_cast<double>(y)) +
                            std::sin(0.9 * static_cast<double>(z));
        *out++ = static_cast<std::uint16_t>(
            std::clamp(std::floor(wave + 1.0), 0.0, static_cast<double>(highest)));
      }
    }
  }
  return image;
}

template <typename TImage>
std::vector<typename TImage::PixelType>
VoxelsOf(const TImage * image)
{
  const auto * voxels = image->GetBufferPointer();
  return {voxels, voxels + image->GetBufferedRegion().GetNumberOfPixels()};
}

} // namespace sulcus
