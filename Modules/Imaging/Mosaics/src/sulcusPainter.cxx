#include "sulcusPainter.h"

#include "sulcusLetters.h"
#include <sulcusError.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string>

namespace sulcus
{
namespace
{

/** The same text in the letters there are. */
std::string
Drawable(std::string_view text)
{
  std::string drawable;
  for (const char c : text)
  {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet & 0xC0U) == 0x80U) // goes on with the UTF-8 character before
    {
      continue;
    }
    const char upper = octet < 128 ? static_cast<char>(std::toupper(octet)) : '?';
    drawable += upper >= FirstLetter && upper <= LastLetter ? upper : '?';
  }
  return drawable;
}

void
DrawLetter(RgbPicture & picture,
           std::int64_t x,
           std::int64_t y,
           const LetterBitmap & letter,
           const Colour & colour,
           std::int64_t scale)
{
  for (std::int64_t row = 0; row < 7; ++row)
  {
    for (std::int64_t column = 0; column < 5; ++column)
    {
      if ((letter[static_cast<std::size_t>(row)] >> (4 - column)) & 1U)
      {
        FillRectangle(picture, x + column * scale, y + row * scale, scale, scale, colour);
      }
    }
  }
}

} // namespace

RgbPicture
NewPicture(std::size_t width, std::size_t height, const Colour & colour)
{
  RgbPicture picture{width, height, std::vector<std::uint8_t>(3 * width * height)};
  FillRectangle(
      picture, 0, 0, static_cast<std::int64_t>(width), static_cast<std::int64_t>(height), colour);
  return picture;
}

Colour
ColourAt(const RgbPicture & picture, std::size_t x, std::size_t y)
{
  if (x >= picture.width || y >= picture.height)
  {
    throw UsageError(Message(
        "picture: pixel ", x, ", ", y, " of ", picture.width, " x ", picture.height, " pixels"));
  }
  const auto * rgb = &picture.pixels[3 * (x + picture.width * y)];
  return {rgb[0], rgb[1], rgb[2]};
}

void
Blend(RgbPicture & picture, std::int64_t x, std::int64_t y, const Colour & colour, double opacity)
{
  if (x < 0 || y < 0 || x >= static_cast<std::int64_t>(picture.width) ||
      y >= static_cast<std::int64_t>(picture.height))
  {
    return;
  }
  auto * rgb =
      &picture
           .pixels[3 * (static_cast<std::size_t>(x) + picture.width * static_cast<std::size_t>(y))];
  for (std::size_t i = 0; i < 3; ++i)
  {
    rgb[i] = static_cast<std::uint8_t>(
        std::lround(rgb[i] + opacity * (static_cast<double>(colour[i]) - rgb[i])));
  }
}

void
FillRectangle(RgbPicture & picture,
              std::int64_t x,
              std::int64_t y,
              std::int64_t width,
              std::int64_t height,
              const Colour & colour)
{
  const auto pictureWidth = static_cast<std::int64_t>(picture.width);
  const auto firstX = std::clamp<std::int64_t>(x, 0, pictureWidth);
  const auto lastX = std::clamp<std::int64_t>(x + width, firstX, pictureWidth);
  const auto pictureHeight = static_cast<std::int64_t>(picture.height);
  const auto lastY = std::clamp<std::int64_t>(y + height, 0, pictureHeight);
  for (auto row = std::max<std::int64_t>(y, 0); row < lastY; ++row)
  {
    for (auto column = firstX; column < lastX; ++column)
    {
      std::copy_n(colour.begin(), 3, picture.pixels.begin() + 3 * (column + pictureWidth * row));
    }
  }
}

void
Paste(RgbPicture & target, const RgbPicture & source, std::int64_t x, std::int64_t y)
{
  const auto targetWidth = static_cast<std::int64_t>(target.width);
  const auto sourceWidth = static_cast<std::int64_t>(source.width);
  const auto first = std::clamp<std::int64_t>(-x, 0, sourceWidth);
  const auto last = std::clamp<std::int64_t>(targetWidth - x, first, sourceWidth);
  for (std::int64_t row = 0; row < static_cast<std::int64_t>(source.height); ++row)
  {
    if (y + row >= 0 && y + row < static_cast<std::int64_t>(target.height))
    {
      std::copy(source.pixels.begin() + 3 * (first + sourceWidth * row),
                source.pixels.begin() + 3 * (last + sourceWidth * row),
                target.pixels.begin() + 3 * (x + first + targetWidth * (y + row)));
    }
  }
}

std::int64_t
TextWidth(std::string_view text, int scale)
{
  return static_cast<std::int64_t>(Drawable(text).size()) * LetterWidth * scale;
}

void
DrawText(RgbPicture & picture,
         std::int64_t x,
         std::int64_t y,
         std::string_view text,
         const Colour & colour,
         int scale)
{
  const Colour rim{0, 0, 0};
  constexpr std::array<std::array<int, 2>, 4> neighbours{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
  for (const char c : Drawable(text))
  {
    const auto & letter = Letters[static_cast<std::size_t>(c - FirstLetter)];
    for (const auto & [dx, dy] : neighbours)
    {
      DrawLetter(picture, x + dx, y + dy, letter, rim, scale);
    }
    DrawLetter(picture, x, y, letter, colour, scale);
    x += LetterWidth * scale;
  }
}

} // namespace sulcus
