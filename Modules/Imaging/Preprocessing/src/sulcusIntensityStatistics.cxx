#include "sulcusIntensityStatistics.h"

#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

namespace sulcus
{

namespace
{

constexpr std::size_t ChunkVoxels = std::size_t{1}
                                    << 16; // sums are made per chunk and added in order

/** Unsigned numbers in the order of the floats they come from. */
std::uint32_t
OrderedKey(float value)
{
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

float
ValueOfKey(std::uint32_t key)
{
  return std::bit_cast<float>(key & 0x80000000U ? key & 0x7fffffffU : ~key);
}

struct Chunk
{
  std::size_t count = 0;
  std::size_t finite = 0;
  double sum = 0.0;
  double squares = 0.0; // of the distance from the mean, second pass
  float minimum = std::numeric_limits<float>::infinity();
  float maximum = -std::numeric_limits<float>::infinity();
};

class Voxels
{
public:
  Voxels(std::span<const float> values, std::span<const std::uint8_t> mask)
      : m_Values(values), m_Mask(mask)
  {
  }

  std::size_t
  ChunkCount() const
  {
    return (m_Values.size() + ChunkVoxels - 1) / ChunkVoxels;
  }

  std::vector<float>
  Finite() const
  {
    std::vector<float> values;
    for (std::size_t c = 0; c < ChunkCount(); ++c)
    {
      ForEachIn(c,
                [&](float value)
                {
                  if (std::isfinite(value))
                  {
                    values.push_back(value);
                  }
                });
    }
    return values;
  }

  template <typename TBody>
  void
  ForEachIn(std::size_t chunk, const TBody & body) const
  {
    const std::size_t end = std::min(m_Values.size(), (chunk + 1) * ChunkVoxels);
    for (std::size_t i = chunk * ChunkVoxels; i < end; ++i)
    {
      if (m_Mask.empty() || m_Mask[i] != 0)
      {
        body(m_Values[i]);
      }
    }
  }

  /** Counts of finite voxels by bin(key), summed over threads; bins < 0 are left out. */
  template <typename TBin>
  std::vector<std::size_t>
  Histogram(std::size_t bins, const TBin & bin) const
  {
    const std::size_t pieces =
        std::min<std::size_t>(static_cast<std::size_t>(GetThreadCount()), ChunkCount());
    std::vector<std::vector<std::uint32_t>> partial(pieces);
    ParallelForEach(pieces,
                    [&](std::size_t piece)
                    {
                      auto & counts = partial[piece];
                      counts.assign(bins, 0);
                      for (std::size_t c = piece * ChunkCount() / pieces;
                           c < (piece + 1) * ChunkCount() / pieces;
                           ++c)
                      {
                        ForEachIn(c,
                                  [&](float value)
                                  {
                                    const std::ptrdiff_t index =
                                        std::isfinite(value) ? bin(OrderedKey(value)) : -1;
                                    if (index >= 0)
                                    {
                                      ++counts[static_cast<std::size_t>(index)];
                                    }
                                  });
                      }
                    });
    std::vector<std::size_t> total(bins, 0);
    for (const auto & counts : partial)
    {
      std::transform(counts.begin(),
                     counts.end(),
                     total.begin(),
                     total.begin(),
                     [](std::uint32_t a, std::size_t b) { return a + b; });
    }
    return total;
  }

private:
  std::span<const float> m_Values;
  std::span<const std::uint8_t> m_Mask;
};

/** The values of the given ranks (0: smallest) by partial sorting: best for small volumes. */
std::map<std::size_t, float>
SelectRanksBySorting(const Voxels & voxels, std::vector<std::size_t> ranks)
{
  auto values = voxels.Finite();
  std::sort(ranks.begin(), ranks.end());
  std::map<std::size_t, float> found;
  std::ptrdiff_t sorted = 0;
  for (const std::size_t rank : ranks)
  {
    const auto place = static_cast<std::ptrdiff_t>(rank);
    std::nth_element(
        values.begin() + std::min(sorted, place), values.begin() + place, values.end());
    found[rank] = values[rank];
    sorted = place;
  }
  return found;
}

/** The same by two rounds of 16-bit radix counting: two passes over memory, no copy. */
std::map<std::size_t, float>
SelectRanksByCounting(const Voxels & voxels, const std::vector<std::size_t> & ranks)
{
  constexpr std::size_t bins = std::size_t{1} << 16;
  const auto coarse = voxels.Histogram(
      bins, [](std::uint32_t key) { return static_cast<std::ptrdiff_t>(key >> 16U); });
  std::map<std::uint32_t, std::size_t> slotOfBucket;
  std::map<std::size_t, std::pair<std::uint32_t, std::size_t>>
      place; // rank -> bucket, rank inside it
  for (const std::size_t rank : ranks)
  {
    std::size_t before = 0;
    std::uint32_t bucket = 0;
    while (before + coarse[bucket] <= rank)
    {
      before += coarse[bucket++];
    }
    place[rank] = {bucket, rank - before};
    slotOfBucket.emplace(bucket, slotOfBucket.size());
  }
  std::vector<std::int32_t> slots(bins, -1);
  for (const auto & [bucket, slot] : slotOfBucket)
  {
    slots[bucket] = static_cast<std::int32_t>(slot);
  }
  const auto fine = voxels.Histogram(bins * slotOfBucket.size(),
                                     [&](std::uint32_t key)
                                     {
                                       const std::int32_t slot = slots[key >> 16U];
                                       return slot < 0
                                                  ? std::ptrdiff_t{-1}
                                                  : static_cast<std::ptrdiff_t>(slot) *
                                                            static_cast<std::ptrdiff_t>(bins) +
                                                        static_cast<std::ptrdiff_t>(key & 0xffffU);
                                     });
  std::map<std::size_t, float> values;
  for (const auto & [rank, found] : place)
  {
    const std::size_t * counts = fine.data() + slotOfBucket[found.first] * bins;
    std::size_t before = 0;
    std::uint32_t low = 0;
    while (before + counts[low] <= found.second)
    {
      before += counts[low++];
    }
    values[rank] = ValueOfKey(found.first << 16U | low);
  }
  return values;
}

std::vector<double>
Percentiles(const Voxels & voxels, std::size_t count, const std::vector<double> & wanted)
{
  std::vector<std::size_t> ranks;
  for (const double percentile : wanted)
  {
    const double position = static_cast<double>(count - 1) * percentile / 100.0;
    ranks.push_back(static_cast<std::size_t>(std::floor(position)));
    ranks.push_back(static_cast<std::size_t>(std::ceil(position)));
  }
  constexpr std::size_t fewVoxels = std::size_t{1} << 18;
  const auto values = count <= fewVoxels ? SelectRanksBySorting(voxels, ranks)
                                         : SelectRanksByCounting(voxels, ranks);
  std::vector<double> result;
  for (std::size_t i = 0; i < wanted.size(); ++i)
  {
    const double position = static_cast<double>(count - 1) * wanted[i] / 100.0;
    const double below = values.at(ranks[2 * i]);
    const double above = values.at(ranks[2 * i + 1]);
    result.push_back(below + (position - std::floor(position)) * (above - below));
  }
  return result;
}

} // namespace

IntensityStatistics
MeasureIntensities(std::span<const float> values,
                   std::span<const std::uint8_t> mask,
                   const std::vector<double> & percentiles)
{
  if (!mask.empty() && mask.size() != values.size())
  {
    throw UsageError(Message("statistics: ", values.size(), " voxels and a mask of ", mask.size()));
  }
  for (const double percentile : percentiles)
  {
    if (!(percentile >= 0.0 && percentile <= 100.0))
    {
      throw UsageError(Message("percentile ", percentile, ", need 0 to 100"));
    }
  }
  const Voxels voxels(values, mask);
  std::vector<Chunk> chunks(voxels.ChunkCount());
  ParallelForEach(chunks.size(),
                  [&](std::size_t c)
                  {
                    Chunk chunk;
                    voxels.ForEachIn(c,
                                     [&](float value)
                                     {
                                       ++chunk.count;
                                       if (std::isfinite(value))
                                       {
                                         ++chunk.finite;
                                         chunk.sum += static_cast<double>(value);
                                         chunk.minimum = std::min(chunk.minimum, value);
                                         chunk.maximum = std::max(chunk.maximum, value);
                                       }
                                     });
                    chunks[c] = chunk;
                  });
  IntensityStatistics result;
  Chunk total;
  for (const auto & chunk : chunks)
  {
    total.count += chunk.count;
    total.finite += chunk.finite;
    total.sum += chunk.sum;
    total.minimum = std::min(total.minimum, chunk.minimum);
    total.maximum = std::max(total.maximum, chunk.maximum);
  }
  result.count = total.count;
  result.notFinite = total.count - total.finite;
  result.percentiles.assign(percentiles.size(), 0.0);
  if (total.finite == 0)
  {
    return result;
  }
  result.minimum = total.minimum;
  result.maximum = total.maximum;
  result.mean = total.minimum == total.maximum ? static_cast<double>(total.minimum)
                                               : total.sum / static_cast<double>(total.finite);
  ParallelForEach(chunks.size(),
                  [&](std::size_t c)
                  {
                    double squares = 0.0;
                    voxels.ForEachIn(c,
                                     [&](float value)
                                     {
                                       const double distance =
                                           static_cast<double>(value) - result.mean;
                                       squares += std::isfinite(value) ? distance * distance : 0.0;
                                     });
                    chunks[c].squares = squares;
                  });
  for (const auto & chunk : chunks)
  {
    total.squares += chunk.squares;
  }
  result.standardDeviation = std::sqrt(total.squares / static_cast<double>(total.finite));
  if (!percentiles.empty())
  {
    result.percentiles = Percentiles(voxels, total.finite, percentiles);
  }
  return result;
}

IntensityStatistics
MeasureIntensities(const FloatImage * image,
                   const MaskImage * mask,
                   const std::vector<double> & percentiles)
{
  if (mask != nullptr)
  {
    RequireSameGrid(image, mask, "the image", "the mask");
  }
  const std::size_t count = image->GetBufferedRegion().GetNumberOfPixels();
  const std::span<const std::uint8_t> inside = mask == nullptr
                                                   ? std::span<const std::uint8_t>()
                                                   : std::span(mask->GetBufferPointer(), count);
  return MeasureIntensities(std::span(image->GetBufferPointer(), count), inside, percentiles);
}

} // namespace sulcus
