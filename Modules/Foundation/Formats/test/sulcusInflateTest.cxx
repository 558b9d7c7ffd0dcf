#include "../src/sulcusInflate.h"

#include <sulcusGzipWriter.h>
#include <sulcusRandomEngine.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace sulcus;

namespace
{

Bytes
Packed(const Bytes & bytes, int level)
{
  Bytes packed;
  WriteGzip({bytes},
            level,
            [&](ByteView part) { packed.insert(packed.end(), part.begin(), part.end()); });
  return packed;
}

/** Data of several kinds: empty, constant, noise, repeated text, smooth 16-bit signal. */
std::vector<Bytes>
Samples()
{
  RandomEngine random(4);
  std::vector<Bytes> samples(1);
  samples.emplace_back(1, std::byte{7});
  samples.emplace_back(100000, std::byte{0});
  Bytes noise(70000);
  std::generate(noise.begin(),
                noise.end(),
                [&]() { return std::byte{static_cast<std::uint8_t>(random.Integer(0, 255))}; });
  samples.push_back(noise);
  Bytes text;
  for (int i = 0; i < 60000; ++i)
  {
    text.push_back(std::byte{static_cast<std::uint8_t>("the quick brown fox "[i * 7 % 20])});
  }
  samples.push_back(text);
  Bytes signal;
  for (int i = 0; i < 300000; ++i)
  {
    const auto value = static_cast<int>(500 + 300 * std::sin(i * 0.01) + random.Normal(0, 9));
    signal.push_back(std::byte{static_cast<std::uint8_t>(value & 255)});
    signal.push_back(std::byte{static_cast<std::uint8_t>(value >> 8)});
  }
  samples.push_back(signal);
  return samples;
}

} // namespace

TEST(Inflate, RestoresWhatWasCompressedAtEveryLevel)
{
  for (const auto & sample : Samples())
  {
    for (const int level : {1, 2, 6, 9})
    {
      Bytes target(sample.size());
      ASSERT_TRUE(InflateWholeGzip(Packed(sample, level), target)) << sample.size() << ' ' << level;
      EXPECT_EQ(target, sample);
    }
  }
}

TEST(Inflate, RefusesOtherSizesDamageAndCuts)
{
  const auto sample = Samples()[3];
  const auto small = Bytes(sample.begin(), sample.begin() + 400);
  const auto packed = Packed(small, 6);
  Bytes target(small.size());
  Bytes other(small.size() + 1);
  EXPECT_FALSE(InflateWholeGzip(packed, other));
  EXPECT_FALSE(InflateWholeGzip(packed, std::span(target).first(small.size() - 1)));
  for (std::size_t length = 0; length < packed.size(); ++length)
  {
    EXPECT_FALSE(InflateWholeGzip(ByteView(packed).first(length), target)) << length;
  }
  std::size_t accepted = 0;
  for (std::size_t at = 10; at < packed.size(); ++at)
  {
    for (unsigned int bit = 0; bit < 8; ++bit)
    {
      auto flipped = packed;
      flipped[at] ^= std::byte{static_cast<std::uint8_t>(1U << bit)};
      if (InflateWholeGzip(flipped, target))
      {
        EXPECT_EQ(target, small);
        ++accepted;
      }
    }
  }
  EXPECT_LT(accepted, 8U); // unused bits of the last byte before the checksum
}

TEST(Inflate, ReadsSeveralMembers)
{
  const auto sample = Samples()[5];
  const std::ptrdiff_t half = 12345;
  auto packed = Packed(Bytes(sample.begin(), sample.begin() + half), 6);
  const auto second = Packed(Bytes(sample.begin() + half, sample.end()), 9);
  packed.insert(packed.end(), second.begin(), second.end());
  Bytes target(sample.size());
  EXPECT_TRUE(InflateWholeGzip(packed, target));
  EXPECT_EQ(target, sample);
}

TEST(Gzip, OneMemberThatZlibReads)
{
  const auto sample = Samples()[5];
  const auto packed = Packed(sample, 1);
  const auto source = MakeByteSource(packed, "sample");
  Bytes target(sample.size());
  source->Read(target);
  EXPECT_EQ(source->Finish(), 0U);
  EXPECT_EQ(target, sample);
}

TEST(Gzip, BytesDoNotDependOnTheThreadCount)
{
  const auto sample = Samples()[5];
  const int before = GetThreadCount();
  SetThreadCount(1);
  const auto one = Packed(sample, 1);
  SetThreadCount(4);
  const auto four = Packed(sample, 1);
  SetThreadCount(before);
  EXPECT_EQ(one, four);
}
