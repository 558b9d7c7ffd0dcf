#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sulcus
{

/** 8 bits a colour; red, green, blue of every pixel, rows from the top. */
struct RgbPicture
{
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixels; ///< 3 · width · height
};

/** The picture as PNG (ISO 15948). A picture of at most 256 colours is stored with a palette, which
 * is smaller and loses nothing. The bytes carry neither a text nor a time.
 * \param level of zlib, 1 (fast) to 9 (small)
 * \throws UsageError for an empty picture, a wrong number of pixels or a wrong level */
std::vector<std::byte>
EncodePng(const RgbPicture & picture, int level = 4);

/** Frames of one size as an animated PNG that repeats for ever; a viewer that knows no animation
 * shows the first frame. \throws UsageError as EncodePng, for no frame, different sizes or a time
 * outside 1 ms … 60 s. */
std::vector<std::byte>
EncodeAnimatedPng(const std::vector<RgbPicture> & frames, double secondsPerFrame, int level = 4);

} // namespace sulcus
