#include <sulcusError.h>
#include <sulcusPng.h>
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <zlib.h>

namespace sulcus
{
namespace
{

using Octets = std::vector<std::uint8_t>;

std::uint32_t
BigEndian(const Octets & octets, std::size_t at)
{
  return (std::uint32_t{octets.at(at)} << 24U) | (std::uint32_t{octets.at(at + 1)} << 16U) |
         (std::uint32_t{octets.at(at + 2)} << 8U) | octets.at(at + 3);
}

struct Chunk
{
  std::string type;
  Octets content;
};

/** Chunks of a PNG file with correct checksums. */
std::vector<Chunk>
ChunksOf(const std::vector<std::byte> & bytes)
{
  Octets png;
  for (const auto byte : bytes)
  {
    png.push_back(std::to_integer<std::uint8_t>(byte));
  }
  EXPECT_EQ(Octets(png.begin(), png.begin() + 8),
            (Octets{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}));
  std::vector<Chunk> chunks;
  for (std::size_t at = 8; at < png.size();)
  {
    const std::size_t length = BigEndian(png, at);
    const auto content = png.begin() + static_cast<std::ptrdiff_t>(at + 8);
    chunks.push_back({std::string(png.begin() + static_cast<std::ptrdiff_t>(at + 4), content),
                      Octets(content, content + static_cast<std::ptrdiff_t>(length))});
    EXPECT_EQ(crc32_z(0, &png[at + 4], length + 4), BigEndian(png, at + 8 + length));
    at += 12 + length;
  }
  return chunks;
}

/** Decodes rows of filters 0, 1 and 2 after section 9 of the standard. */
Octets
Decode(const Octets & packed, std::size_t rowLength, std::size_t rows, std::size_t pixelLength)
{
  Octets raw((rowLength + 1) * rows);
  uLongf size = raw.size();
  EXPECT_EQ(uncompress(raw.data(), &size, packed.data(), packed.size()), Z_OK);
  EXPECT_EQ(size, raw.size());
  Octets pixels(rowLength * rows);
  for (std::size_t y = 0; y < rows; ++y)
  {
    const auto filter = raw[y * (rowLength + 1)];
    EXPECT_LE(filter, 2);
    for (std::size_t i = 0; i < rowLength; ++i)
    {
      const int left =
          filter == 1 && i >= pixelLength ? pixels[y * rowLength + i - pixelLength] : 0;
      const int upper = filter == 2 && y > 0 ? pixels[(y - 1) * rowLength + i] : 0;
      pixels[y * rowLength + i] =
          static_cast<std::uint8_t>(raw[y * (rowLength + 1) + 1 + i] + left + upper);
    }
  }
  return pixels;
}

RgbPicture
RandomPicture(std::size_t width, std::size_t height, std::uint64_t seed)
{
  RgbPicture picture{width, height, {}};
  RandomEngine random(seed);
  for (std::size_t i = 0; i < 3 * width * height; ++i)
  {
    picture.pixels.push_back(static_cast<std::uint8_t>(random.Uniform(0.0, 255.9)));
  }
  return picture;
}

} // namespace

TEST(Png, TrueColourComesBack)
{
  const auto picture = RandomPicture(37, 29, 4);
  const auto chunks = ChunksOf(EncodePng(picture));
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].type, "IHDR");
  EXPECT_EQ(chunks[0].content, (Octets{0, 0, 0, 37, 0, 0, 0, 29, 8, 2, 0, 0, 0}));
  EXPECT_EQ(chunks[1].type, "IDAT");
  EXPECT_EQ(Decode(chunks[1].content, 3 * 37, 29, 3), picture.pixels);
  EXPECT_EQ(chunks[2].type, "IEND");
}

TEST(Png, FewColoursBecomeAPalette)
{
  RgbPicture picture{256, 2, {}};
  for (int row = 0; row < 2; ++row)
  {
    for (int i = 0; i < 256; ++i)
    {
      const auto value = static_cast<std::uint8_t>(row == 0 ? i : 255 - i);
      picture.pixels.insert(picture.pixels.end(),
                            {value, 7, static_cast<std::uint8_t>(255 - value)});
    }
  }
  const auto chunks = ChunksOf(EncodePng(picture, 9));
  ASSERT_EQ(chunks.size(), 4U);
  EXPECT_EQ(chunks[0].content[9], 3); // indexed
  const auto & palette = chunks[1].content;
  EXPECT_EQ(palette.size(), 768U);
  const auto indices = Decode(chunks[2].content, 256, 2, 1);
  for (std::size_t p = 0; p < indices.size(); ++p)
  {
    for (std::size_t i = 0; i < 3; ++i)
    {
      ASSERT_EQ(palette[3U * indices[p] + i], picture.pixels[3 * p + i]);
    }
  }
  picture.pixels[0] = 99; // the 257th colour
  EXPECT_EQ(ChunksOf(EncodePng(picture))[0].content[9], 2);
}

TEST(Png, AnimationHoldsEveryFrameInOrder)
{
  const std::vector<RgbPicture> frames{
      RandomPicture(8, 5, 1), RandomPicture(8, 5, 2), RandomPicture(8, 5, 3)};
  const auto chunks = ChunksOf(EncodeAnimatedPng(frames, 0.04));
  std::map<std::string, int> counts;
  std::uint32_t number = 0;
  std::size_t frame = 0;
  for (const auto & chunk : chunks)
  {
    ++counts[chunk.type];
    if (chunk.type == "fcTL" || chunk.type == "fdAT")
    {
      EXPECT_EQ(BigEndian(chunk.content, 0), number++);
    }
    if (chunk.type == "fcTL")
    {
      EXPECT_EQ(BigEndian(chunk.content, 20), (40U << 16U) | 1000U);
    }
    if (chunk.type == "IDAT" || chunk.type == "fdAT")
    {
      const std::ptrdiff_t skip = chunk.type == "IDAT" ? 0 : 4;
      const Octets packed(chunk.content.begin() + skip, chunk.content.end());
      EXPECT_EQ(Decode(packed, 24, 5, 3), frames.at(frame++).pixels);
    }
  }
  EXPECT_EQ(counts,
            (std::map<std::string, int>{
                {"IHDR", 1}, {"acTL", 1}, {"fcTL", 3}, {"IDAT", 1}, {"fdAT", 2}, {"IEND", 1}}));
}

TEST(Png, RefusesWhatIsNoPicture)
{
  EXPECT_THROW(EncodePng({}), UsageError);
  EXPECT_THROW(EncodePng({2, 2, std::vector<std::uint8_t>(11)}), UsageError);
  EXPECT_THROW(EncodePng(RandomPicture(2, 2, 0), 0), UsageError);
  EXPECT_THROW(EncodeAnimatedPng({}, 0.1), UsageError);
  EXPECT_THROW(EncodeAnimatedPng({RandomPicture(2, 2, 0)}, 0.0), UsageError);
  EXPECT_THROW(EncodeAnimatedPng({RandomPicture(2, 2, 0), RandomPicture(3, 2, 0)}, 0.1),
               UsageError);
}

} // namespace sulcus
