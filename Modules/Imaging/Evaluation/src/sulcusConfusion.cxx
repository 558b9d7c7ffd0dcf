#include "sulcusConfusion.h"

#include <sulcusImageGrid.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>

namespace sulcus
{
namespace
{

/** Counts and boxes of some lines, for runs of equal pairs at a time. */
struct LineCounts
{
  std::unordered_map<std::uint32_t, std::uint64_t> pairs;
  std::unordered_map<std::uint16_t, IndexBox> boxes;

  void
  AddRun(std::uint16_t reference,
         std::uint16_t prediction,
         std::size_t x,
         std::size_t length,
         std::int64_t y,
         std::int64_t z)
  {
    pairs[static_cast<std::uint32_t>(reference) << 16 | prediction] += length;
    const auto first = static_cast<std::int64_t>(x);
    const IndexBox run{{first, y, z}, {first + static_cast<std::int64_t>(length) - 1, y, z}};
    for (const auto label : {reference, prediction})
    {
      if (label != 0)
      {
        boxes[label].Include(run);
      }
    }
  }
};

} // namespace

Confusion
Confusion::Count(const LabelImage * reference,
                 const LabelImage * prediction,
                 std::span<const Label> ignored)
{
  RequireSameGrid(reference, prediction, "reference", "prediction");
  const auto size = reference->GetLargestPossibleRegion().GetSize();
  const std::size_t width = size[0];
  std::vector<std::uint8_t> skip(65536, 0);
  for (const auto label : ignored)
  {
    skip[label] = 1;
  }
  Confusion confusion;
  std::mutex mutex;
  ParallelFor(
      size[1] * size[2],
      [&](std::size_t begin, std::size_t end)
      {
        LineCounts counts;
        for (std::size_t line = begin; line < end; ++line)
        {
          const auto * a = reference->GetBufferPointer() + line * width;
          const auto * b = prediction->GetBufferPointer() + line * width;
          const auto y = static_cast<std::int64_t>(line % size[1]);
          const auto z = static_cast<std::int64_t>(line / size[1]);
          for (std::size_t x = 0; x < width;)
          {
            std::size_t next = x + 1;
            while (next < width && a[next] == a[x] && b[next] == b[x])
            {
              ++next;
            }
            if (!skip[a[x]] && !skip[b[x]])
            {
              counts.AddRun(a[x], b[x], x, next - x, y, z);
            }
            x = next;
          }
        }
        const std::lock_guard lock(
            mutex); // whole numbers and boxes: the order of merging is irrelevant
        for (const auto & [pair, count] : counts.pairs)
        {
          confusion.Add(static_cast<Label>(pair >> 16), static_cast<Label>(pair & 0xFFFFU), count);
        }
        for (const auto & [label, box] : counts.boxes)
        {
          confusion.m_Boxes[label].Include(box);
        }
      },
      64);
  return confusion;
}

void
Confusion::Add(Label reference, Label prediction, std::uint64_t count)
{
  m_Pairs[{reference, prediction}] += count;
}

void
Confusion::Add(const Confusion & other)
{
  for (const auto & [pair, count] : other.m_Pairs)
  {
    m_Pairs[pair] += count;
  }
}

std::uint64_t
Confusion::At(Label reference, Label prediction) const
{
  const auto found = m_Pairs.find({reference, prediction});
  return found == m_Pairs.end() ? 0 : found->second;
}

std::vector<Confusion::Label>
Confusion::Labels() const
{
  std::set<Label> labels;
  for (const auto & [pair, count] : m_Pairs)
  {
    labels.insert(pair.first);
    labels.insert(pair.second);
  }
  return {labels.begin(), labels.end()};
}

std::uint64_t
Confusion::Total() const
{
  std::uint64_t total = 0;
  for (const auto & [pair, count] : m_Pairs)
  {
    total += count;
  }
  return total;
}

IndexBox
Confusion::BoxOf(std::span<const Label> labels) const
{
  IndexBox box;
  for (const auto label : labels)
  {
    const auto found = m_Boxes.find(label);
    if (found != m_Boxes.end())
    {
      box.Include(found->second);
    }
  }
  return box;
}

} // namespace sulcus
