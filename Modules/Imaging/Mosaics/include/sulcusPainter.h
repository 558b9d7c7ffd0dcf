#pragma once

#include <sulcusPng.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace sulcus
{

using Colour = std::array<std::uint8_t, 3>; ///< red, green, blue

/** Places in a picture count from its upper left corner; what lies outside is not drawn. */
RgbPicture
NewPicture(std::size_t width, std::size_t height, const Colour & colour);

/** \throws UsageError outside the picture. */
Colour
ColourAt(const RgbPicture & picture, std::size_t x, std::size_t y);

/** Mixes a colour into a pixel: 0 leaves it, 1 replaces it. */
void
Blend(RgbPicture & picture, std::int64_t x, std::int64_t y, const Colour & colour, double opacity);

void
FillRectangle(RgbPicture & picture,
              std::int64_t x,
              std::int64_t y,
              std::int64_t width,
              std::int64_t height,
              const Colour & colour);

/** Copies one picture into another with its upper left corner at (x, y). */
void
Paste(RgbPicture & target, const RgbPicture & source, std::int64_t x, std::int64_t y);

/** Width and height of a letter's cell at scale 1, with the gap to the next letter or line. */
inline constexpr std::int64_t LetterWidth = 6;
inline constexpr std::int64_t LetterHeight = 8;

/** Pixels that DrawText needs across. */
std::int64_t
TextWidth(std::string_view text, int scale = 1);

/** Writes capital letters, digits and the signs of ASCII from a bitmap of 5 x 7 points, each letter
 * with a dark rim so that it can be read on any ground. Small letters become capitals, every other
 * UTF-8 character a question mark. */
void
DrawText(RgbPicture & picture,
         std::int64_t x,
         std::int64_t y,
         std::string_view text,
         const Colour & colour,
         int scale = 1);

} // namespace sulcus
