#pragma once

#include <sulcusRandomEngine.h>

#include <itkImage.h>

#include <array>
#include <cmath>
#include <vector>

namespace sulcus
{

using Bytes = itk::Image<std::uint8_t, 3>;

/** An oblique, anisotropic, offset grid. */
template <typename TImage>
typename TImage::Pointer
MakeImage(const std::vector<typename TImage::PixelType> & values, std::array<unsigned, 3> size)
{
  auto image = TImage::New();
  typename TImage::SizeType imageSize{{size[0], size[1], size[2]}};
  image->SetRegions(imageSize);
  typename TImage::SpacingType spacing;
  spacing[0] = 0.8;
  spacing[1] = 1.1;
  spacing[2] = 2.5;
  image->SetSpacing(spacing);
  typename TImage::PointType origin;
  origin.Fill(-31.5);
  image->SetOrigin(origin);
  typename TImage::DirectionType direction;
  direction.SetIdentity();
  direction(0, 0) = direction(1, 1) = std::cos(0.3);
  direction(0, 1) = -std::sin(0.3);
  direction(1, 0) = std::sin(0.3);
  image->SetDirection(direction);
  image->Allocate();
  std::copy(values.begin(), values.end(), image->GetBufferPointer());
  return image;
}

template <typename TImage>
std::vector<typename TImage::PixelType>
ValuesOf(const TImage * image)
{
  const auto * buffer = image->GetBufferPointer();
  return {buffer, buffer + image->GetBufferedRegion().GetNumberOfPixels()};
}

/** A ball drawn by several hands of different skill. */
struct Hands
{
  std::array<unsigned, 3> size{24, 20, 16};
  std::vector<std::uint8_t> truth;
  std::vector<std::vector<std::uint8_t>> drawn;

  explicit Hands(std::size_t raters, unsigned labels = 2, std::uint8_t foreground = 1)
  {
    RandomEngine random(77);
    for (std::size_t p = 0; p < 24 * 20 * 16; ++p)
    {
      const double x = double(p % 24) - 11.0;
      const double y = double(p / 24 % 20) - 9.0;
      const double z = double(p / 480) - 8.0;
      const double radius = std::sqrt(x * x + y * y + 2.0 * z * z);
      truth.push_back(radius > 8.0 ? 0 : std::uint8_t(foreground + (labels > 2 && x > 0 ? 1 : 0)));
    }
    for (std::size_t r = 0; r < raters; ++r)
    {
      auto map = truth;
      for (auto & value : map)
      {
        value = random.Chance(0.02 + 0.03 * double(r)) ? (value ? 0 : foreground) : value;
      }
      drawn.push_back(map);
    }
  }
};

template <typename TFilter>
void
AddAll(TFilter * filter, const Hands & hands)
{
  for (unsigned r = 0; r < hands.drawn.size(); ++r)
  {
    filter->SetAnnotation(r, MakeImage<Bytes>(hands.drawn[r], hands.size));
  }
}

} // namespace sulcus
