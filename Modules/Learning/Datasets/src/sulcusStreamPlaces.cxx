#include "sulcusStreamSampler.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

/** Any place inside; where the volume is smaller than the patch, any place that shows all of it. */
std::int64_t
DrawInside(std::int64_t volumeSize, std::int64_t patchSize, RandomEngine & random)
{
  const auto room = volumeSize - patchSize;
  return room >= 0 ? random.Integer(0, room) : random.Integer(room, 0);
}

} // namespace

std::int64_t
StreamSampler::DrawBeginInPartition(const AnatomicalExtent & extent,
                                    int partition,
                                    RandomEngine & random) const
{
  const auto & rule = m_Rule.partition;
  const auto slices = extent.end - extent.begin;
  const auto bounds = PartitionBounds(slices, rule.partitions);
  const double half = 0.5 * static_cast<double>(m_PatchSize[extent.arrayAxis] - 1);
  const auto s = static_cast<std::size_t>(partition);
  for (const double guard : {0.5 * rule.guard, 0.0}) // narrow parts do without the guard band
  {
    const double low =
        static_cast<double>(bounds[s]) / static_cast<double>(slices) + (s > 0 ? guard : 0.0);
    const double high = static_cast<double>(bounds[s + 1]) / static_cast<double>(slices) -
                        (partition + 1 < rule.partitions ? guard : 0.0);
    const double a = extent.Voxel(low) - half;
    const double b = extent.Voxel(high) - half;
    constexpr double rounding = 1e-9;
    // Half open towards the upper anatomical end, as the boundaries are.
    const auto first = static_cast<std::int64_t>(extent.reversed ? std::floor(b + rounding) + 1
                                                                 : std::ceil(a - rounding));
    const auto last = static_cast<std::int64_t>(extent.reversed ? std::floor(a + rounding)
                                                                : std::ceil(b - rounding) - 1);
    if (first <= last)
    {
      return random.Integer(first, last);
    }
  }
  throw RuntimeError(Message("partition ", partition, " of ", slices, " slices has no place"));
}

std::vector<StreamSampler::Place>
StreamSampler::DrawPartitionedPlaces(const RandomEngine & random) const
{
  const auto volumes = static_cast<std::size_t>(m_Rule.partition.volumes);
  const auto cases = m_Round.OfDifferentSubjects(random.Fork("cases"), volumes);
  std::vector<Place> places;
  for (const auto index : cases)
  {
    const auto & extent = m_Extents.at(index);
    for (int partition = 0; partition < m_Rule.partition.partitions; ++partition)
    {
      auto own = random.Fork("place").Fork(places.size());
      Place place;
      place.caseIndex = index;
      place.begin = DrawBegin(index, false, own);
      auto & begin = place.begin[extent.arrayAxis];
      begin = DrawBeginInPartition(extent, partition, own);
      place.partition = partition;
      place.position =
          extent.Position(static_cast<double>(begin) +
                          0.5 * static_cast<double>(m_PatchSize[extent.arrayAxis] - 1));
      places.push_back(place);
    }
  }
  return places;
}

std::vector<StreamSampler::Place>
StreamSampler::DrawPlaces(const RandomEngine & random, std::int64_t step) const
{
  const auto ofStep = random.Fork(static_cast<std::uint64_t>(step));
  if (m_Rule.partition.volumes > 0)
  {
    return DrawPartitionedPlaces(ofStep);
  }
  const auto cases = m_Rule.differentCases
                         ? m_Round.OfDifferentSubjects(ofStep.Fork("cases"), m_Samples)
                         : m_Round.InRounds(random.Fork("rounds"),
                                            static_cast<std::uint64_t>(step) * m_Samples,
                                            m_Samples);
  // The share of patches on a structure is kept in every batch as nearly as whole patches allow.
  auto share = ofStep.Fork("share");
  const double wanted =
      m_HasLabel ? m_Rule.foregroundFraction * static_cast<double>(m_Samples) : 0.0;
  const auto onForeground =
      static_cast<std::size_t>(wanted) + (share.Chance(wanted - std::floor(wanted)) ? 1 : 0);
  const auto order = share.Permutation(m_Samples);
  std::vector<Place> places(m_Samples);
  for (std::size_t i = 0; i < m_Samples; ++i)
  {
    auto own = ofStep.Fork("place").Fork(i);
    places[i].caseIndex = cases[i];
    places[i].begin = DrawBegin(cases[i], order[i] < onForeground, own);
  }
  return places;
}

StreamSampler::Size
StreamSampler::DrawBegin(std::size_t caseIndex, bool onForeground, RandomEngine & random) const
{
  const auto & size = m_Context.cache->Cases()[caseIndex].size;
  Size begin{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    begin[axis] = DrawInside(size[axis], m_PatchSize[axis], random);
  }
  Size voxel{};
  if (onForeground &&
      m_Foreground.Draw(caseIndex, m_Context.cache->Volume(caseIndex), random, voxel))
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const auto room = size[axis] - m_PatchSize[axis];
      if (room > 0)
      {
        begin[axis] = std::clamp<std::int64_t>(voxel[axis] - m_PatchSize[axis] / 2, 0, room);
      }
    }
  }
  return begin;
}

} // namespace sulcus
