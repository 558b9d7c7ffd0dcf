#include "sulcusDisagreementPicture.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sulcus
{
namespace
{

using Bytes = std::vector<std::uint8_t>;

void
AppendBigEndian(Bytes & bytes, std::uint32_t value)
{
  for (int shift = 24; shift >= 0; shift -= 8)
  {
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::uint32_t
Crc(const Bytes & bytes, std::size_t first)
{
  std::uint32_t crc = 0xffffffffU;
  for (std::size_t i = first; i < bytes.size(); ++i)
  {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit)
    {
      crc = (crc >> 1) ^ (crc & 1U ? 0xedb88320U : 0U);
    }
  }
  return ~crc;
}

void
AppendChunk(Bytes & png, std::string_view type, const Bytes & content)
{
  AppendBigEndian(png, static_cast<std::uint32_t>(content.size()));
  const std::size_t first = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), content.begin(), content.end());
  AppendBigEndian(png, Crc(png, first));
}

/** A zlib stream of stored blocks. */
Bytes
Stored(const Bytes & raw)
{
  constexpr std::size_t largest = 65535;
  Bytes stream{0x78, 0x01};
  for (std::size_t first = 0; first < raw.size(); first += largest)
  {
    const std::size_t count = std::min(largest, raw.size() - first);
    const auto low = static_cast<std::uint8_t>(count & 0xff);
    const auto high = static_cast<std::uint8_t>(count >> 8);
    const bool last = first + count == raw.size();
    stream.insert(stream.end(),
                  {std::uint8_t(last ? 1 : 0), low, high, std::uint8_t(~low), std::uint8_t(~high)});
    stream.insert(stream.end(),
                  raw.begin() + static_cast<std::ptrdiff_t>(first),
                  raw.begin() + static_cast<std::ptrdiff_t>(first + count));
  }
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const auto byte : raw)
  {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  AppendBigEndian(stream, (b << 16) | a);
  return stream;
}

} // namespace

std::vector<std::byte>
EncodePng(std::size_t width, std::size_t height, const std::vector<std::uint8_t> & rgb)
{
  Bytes header;
  AppendBigEndian(header, static_cast<std::uint32_t>(width));
  AppendBigEndian(header, static_cast<std::uint32_t>(height));
  header.insert(header.end(), {8, 2, 0, 0, 0});
  Bytes raw;
  for (std::size_t y = 0; y < height; ++y)
  {
    raw.push_back(0); // no filter
    const auto row = rgb.begin() + static_cast<std::ptrdiff_t>(3 * y * width);
    raw.insert(raw.end(), row, row + static_cast<std::ptrdiff_t>(3 * width));
  }
  Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  AppendChunk(png, "IHDR", header);
  AppendChunk(png, "IDAT", Stored(raw));
  AppendChunk(png, "IEND", {});
  std::vector<std::byte> bytes(png.size());
  std::transform(
      png.begin(), png.end(), bytes.begin(), [](auto value) { return std::byte(value); });
  return bytes;
}

std::vector<std::byte>
DrawDisagreement(const AnnotationBlock & block, const ConsensusResult & result)
{
  const std::size_t slice = block.size[0] * block.size[1];
  std::vector<std::size_t> contested(block.size[2], 0);
  for (std::size_t p = 0; p < result.flags.size(); ++p)
  {
    contested[p / slice] += (result.flags[p] & FlagContested) != 0;
  }
  const auto worst = std::max_element(contested.begin(), contested.end());
  if (worst == contested.end() || *worst == 0)
  {
    return {};
  }
  const auto first = static_cast<std::size_t>(worst - contested.begin()) * slice;
  const std::size_t zoom = std::max<std::size_t>(1, 256 / std::max(block.size[0], block.size[1]));
  const std::size_t width = block.size[0] * zoom;
  const std::size_t height = block.size[1] * zoom;
  std::vector<std::uint8_t> rgb(3 * width * height);
  for (std::size_t y = 0; y < height; ++y)
  {
    for (std::size_t x = 0; x < width; ++x)
    {
      const std::size_t px = x / zoom;
      const std::size_t py = y / zoom;
      const std::size_t p = first + px + block.size[0] * py;
      std::size_t foreground = 0;
      std::size_t seen = 0;
      for (const auto & votes : block.votes)
      {
        seen += votes[p] != VotePatterns::MissingVote;
        foreground += votes[p] != VotePatterns::MissingVote && votes[p] != 0;
      }
      const auto grey = static_cast<std::uint8_t>(seen > 0 ? 40 + 180 * foreground / seen : 0);
      std::array<std::uint8_t, 3> colour{grey, grey, grey};
      if (result.flags[p] & FlagContested)
      {
        colour = {static_cast<std::uint8_t>(120 + grey / 2),
                  static_cast<std::uint8_t>(grey / 3),
                  static_cast<std::uint8_t>(grey / 3)};
      }
      const bool edgeX = x % zoom == 0 && px > 0 && result.labels[p] != result.labels[p - 1];
      const bool edgeY =
          y % zoom == 0 && py > 0 && result.labels[p] != result.labels[p - block.size[0]];
      if (edgeX || edgeY)
      {
        colour = {255, 220, 0};
      }
      std::copy(colour.begin(),
                colour.end(),
                rgb.begin() + static_cast<std::ptrdiff_t>(3 * (x + width * y)));
    }
  }
  return EncodePng(width, height, rgb);
}

} // namespace sulcus
