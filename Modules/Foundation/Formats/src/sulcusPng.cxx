#include "sulcusPng.h"

#include <sulcusError.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <zlib.h>

namespace sulcus
{
namespace
{

using Octets = std::vector<std::uint8_t>;

enum PngColourType : std::uint8_t
{
  TrueColour = 2,
  Indexed = 3
};

void
AppendBigEndian(Octets & octets, std::uint32_t value)
{
  for (int shift = 24; shift >= 0; shift -= 8)
  {
    octets.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

void
AppendChunk(Octets & png, std::string_view type, const Octets & content)
{
  AppendBigEndian(png, static_cast<std::uint32_t>(content.size()));
  const std::size_t first = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), content.begin(), content.end());
  const auto crc = crc32_z(0, png.data() + first, png.size() - first);
  AppendBigEndian(png, static_cast<std::uint32_t>(crc));
}

Octets
Deflated(const Octets & raw, int level)
{
  uLongf size = compressBound(raw.size());
  Octets packed(size);
  if (compress2(packed.data(), &size, raw.data(), raw.size(), level) != Z_OK)
  {
    throw ResourceError("picture: zlib found no memory");
  }
  packed.resize(size);
  return packed;
}

void
CheckPicture(const RgbPicture & picture, int level)
{
  constexpr std::size_t longest = 1U << 16U;
  if (picture.width == 0 || picture.height == 0 || picture.width > longest ||
      picture.height > longest || picture.pixels.size() != 3 * picture.width * picture.height)
  {
    throw UsageError(Message("picture: ",
                             picture.width,
                             " x ",
                             picture.height,
                             " pixels with ",
                             picture.pixels.size(),
                             " values; need 1 to ",
                             longest,
                             " a side and three values a pixel"));
  }
  if (level < 1 || level > 9)
  {
    throw UsageError(Message("picture: compression level ", level, ", need 1 to 9"));
  }
}

struct IndexedPicture
{
  Octets palette; ///< three octets a colour, in the order of first appearance
  Octets indices;
};

/** Nothing if there are more than 256 colours. */
std::optional<IndexedPicture>
Index(const RgbPicture & picture)
{
  IndexedPicture result;
  result.indices.reserve(picture.width * picture.height);
  std::unordered_map<std::uint32_t, std::uint8_t> places;
  for (std::size_t p = 0; p < picture.pixels.size(); p += 3)
  {
    const auto * rgb = &picture.pixels[p];
    const std::uint32_t colour = (std::uint32_t{rgb[0]} << 16U) | (rgb[1] << 8U) | rgb[2];
    auto place = places.find(colour);
    if (place == places.end())
    {
      if (places.size() == 256)
      {
        return std::nullopt;
      }
      place = places.emplace(colour, static_cast<std::uint8_t>(places.size())).first;
      result.palette.insert(result.palette.end(), rgb, rgb + 3);
    }
    result.indices.push_back(place->second);
  }
  return result;
}

/** Rows, each after the number of its filter: the difference to the left or to the upper pixel,
 * whichever has the smaller sum of magnitudes (section 12.8 of the standard). */
Octets
FilteredRows(const Octets & pixels, std::size_t rowLength, std::size_t pixelLength, bool filter)
{
  Octets rows;
  rows.reserve(pixels.size() + pixels.size() / rowLength);
  Octets left(rowLength);
  Octets up(rowLength);
  const auto magnitude = [](const Octets & values)
  {
    std::size_t sum = 0;
    for (const auto value : values)
    {
      sum += static_cast<std::size_t>(std::abs(static_cast<std::int8_t>(value)));
    }
    return sum;
  };
  for (std::size_t first = 0; first < pixels.size(); first += rowLength)
  {
    const std::uint8_t * row = &pixels[first];
    if (!filter)
    {
      rows.push_back(0);
      rows.insert(rows.end(), row, row + rowLength);
      continue;
    }
    for (std::size_t i = 0; i < rowLength; ++i)
    {
      left[i] = static_cast<std::uint8_t>(row[i] - (i < pixelLength ? 0 : row[i - pixelLength]));
      up[i] = static_cast<std::uint8_t>(row[i] - (first == 0 ? 0 : pixels[first + i - rowLength]));
    }
    const bool useUp = magnitude(up) < magnitude(left);
    rows.push_back(useUp ? 2 : 1);
    const Octets & chosen = useUp ? up : left;
    rows.insert(rows.end(), chosen.begin(), chosen.end());
  }
  return rows;
}

Octets
Header(const RgbPicture & picture, PngColourType type)
{
  Octets header;
  AppendBigEndian(header, static_cast<std::uint32_t>(picture.width));
  AppendBigEndian(header, static_cast<std::uint32_t>(picture.height));
  header.insert(header.end(), {8, type, 0, 0, 0}); // deflate, adaptive filters, no interlace
  return header;
}

std::vector<std::byte>
ToBytes(const Octets & octets)
{
  const auto * first = reinterpret_cast<const std::byte *>(octets.data());
  return {first, first + octets.size()};
}

const Octets signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

} // namespace

std::vector<std::byte>
EncodePng(const RgbPicture & picture, int level)
{
  CheckPicture(picture, level);
  Octets png = signature;
  if (const auto indexed = Index(picture))
  {
    AppendChunk(png, "IHDR", Header(picture, Indexed));
    AppendChunk(png, "PLTE", indexed->palette);
    AppendChunk(
        png, "IDAT", Deflated(FilteredRows(indexed->indices, picture.width, 1, false), level));
  }
  else
  {
    AppendChunk(png, "IHDR", Header(picture, TrueColour));
    AppendChunk(
        png, "IDAT", Deflated(FilteredRows(picture.pixels, 3 * picture.width, 3, true), level));
  }
  AppendChunk(png, "IEND", {});
  return ToBytes(png);
}

std::vector<std::byte>
EncodeAnimatedPng(const std::vector<RgbPicture> & frames, double secondsPerFrame, int level)
{
  if (frames.empty() || !(secondsPerFrame >= 1e-3 && secondsPerFrame <= 60.0))
  {
    throw UsageError(Message("animation: ",
                             frames.size(),
                             " frames of ",
                             secondsPerFrame,
                             " s; need at least one, and 0.001 to 60 s"));
  }
  Octets png = signature;
  AppendChunk(png, "IHDR", Header(frames[0], TrueColour));
  Octets animation;
  AppendBigEndian(animation, static_cast<std::uint32_t>(frames.size()));
  AppendBigEndian(animation, 0); // repeat for ever
  AppendChunk(png, "acTL", animation);
  std::uint32_t number = 0;
  const auto milliseconds = static_cast<std::uint32_t>(std::lround(1000.0 * secondsPerFrame));
  for (const auto & frame : frames)
  {
    CheckPicture(frame, level);
    if (frame.width != frames[0].width || frame.height != frames[0].height)
    {
      throw UsageError("animation: frames of different sizes");
    }
    Octets control;
    AppendBigEndian(control, number++);
    AppendBigEndian(control, static_cast<std::uint32_t>(frame.width));
    AppendBigEndian(control, static_cast<std::uint32_t>(frame.height));
    AppendBigEndian(control, 0);
    AppendBigEndian(control, 0);
    AppendBigEndian(control, (milliseconds << 16U) | 1000U); // numerator, denominator of 1 s
    control.insert(control.end(), {0, 0});                   // keep, replace
    AppendChunk(png, "fcTL", control);
    const auto packed = Deflated(FilteredRows(frame.pixels, 3 * frame.width, 3, true), level);
    if (&frame == &frames[0])
    {
      AppendChunk(png, "IDAT", packed);
      continue;
    }
    Octets data;
    AppendBigEndian(data, number++);
    data.insert(data.end(), packed.begin(), packed.end());
    AppendChunk(png, "fdAT", data);
  }
  AppendChunk(png, "IEND", {});
  return ToBytes(png);
}

} // namespace sulcus
