#include "sulcusLabelComponents.h"

#include <sulcusError.h>

#include <algorithm>
#include <limits>

namespace sulcus
{

namespace
{

constexpr std::uint32_t NoComponent = std::numeric_limits<std::uint32_t>::max();

/** Sets of runs; the root is always the set's lowest run, so the result needs no second ordering.
 */
class RunSets
{
public:
  explicit RunSets(std::size_t count) : m_Parent(count)
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      m_Parent[i] = static_cast<std::uint32_t>(i);
    }
  }

  std::uint32_t
  Root(std::uint32_t run)
  {
    while (m_Parent[run] != run)
    {
      m_Parent[run] = m_Parent[m_Parent[run]];
      run = m_Parent[run];
    }
    return run;
  }

  void
  Join(std::uint32_t a, std::uint32_t b)
  {
    a = Root(a);
    b = Root(b);
    m_Parent[std::max(a, b)] = std::min(a, b);
  }

private:
  std::vector<std::uint32_t> m_Parent;
};

/** An earlier row that touches the present one, and whether its diagonal neighbours along x touch
 * too. */
struct TouchingRow
{
  int y;
  int z;
  bool diagonal;
};

std::vector<TouchingRow>
TouchingRows(Connectivity connectivity)
{
  const bool edges = connectivity != Connectivity::Faces;
  const bool corners = connectivity == Connectivity::Corners;
  std::vector<TouchingRow> rows{{-1, 0, edges}, {0, -1, edges}};
  if (edges)
  {
    rows.push_back({-1, -1, corners});
    rows.push_back({1, -1, corners});
  }
  return rows;
}

} // namespace

void
LabelComponents::FindRuns(const LabelImage * labels, std::vector<std::size_t> & firstRun)
{
  const auto size = labels->GetBufferedRegion().GetSize();
  const std::size_t rows = size[1] * size[2];
  for (std::size_t row = 0; row < rows; ++row)
  {
    firstRun.push_back(m_Runs.size());
    const std::uint16_t * line = labels->GetBufferPointer() + row * size[0];
    for (std::size_t x = 0; x < size[0];)
    {
      std::size_t end = x + 1;
      while (end < size[0] && line[end] == line[x])
      {
        ++end;
      }
      if (line[x] != 0)
      {
        m_Runs.push_back({row * size[0] + x, static_cast<std::uint32_t>(end - x), NoComponent});
      }
      x = end;
    }
  }
  firstRun.push_back(m_Runs.size());
  if (m_Runs.size() >= NoComponent)
  {
    throw ResourceError(
        Message("connected components: ", m_Runs.size(), " runs are more than can be numbered"));
  }
}

LabelComponents::LabelComponents(const LabelImage * labels, Connectivity connectivity)
{
  const auto size = labels->GetBufferedRegion().GetSize();
  const auto height = static_cast<std::ptrdiff_t>(size[1]);
  const std::uint16_t * voxels = labels->GetBufferPointer();
  m_Voxels = labels->GetBufferedRegion().GetNumberOfPixels();
  std::vector<std::size_t> firstRun;
  FindRuns(labels, firstRun);

  RunSets sets(m_Runs.size());
  const auto touching = TouchingRows(connectivity);
  for (std::size_t row = 0; row + 1 < firstRun.size(); ++row)
  {
    const auto y = static_cast<std::ptrdiff_t>(row) % height;
    const auto z = static_cast<std::ptrdiff_t>(row) / height;
    for (const auto & other : touching)
    {
      if (y + other.y < 0 || y + other.y >= height || z + other.z < 0)
      {
        continue;
      }
      const auto before = static_cast<std::size_t>((z + other.z) * height + y + other.y);
      const std::size_t shift = (row - before) * size[0];
      const std::size_t reach = other.diagonal ? 1 : 0;
      std::size_t next =
          firstRun[before]; // runs before it end too early for this run and all that follow
      for (std::size_t run = firstRun[row]; run < firstRun[row + 1]; ++run)
      {
        const std::size_t begin = m_Runs[run].begin;
        const std::size_t end = begin + m_Runs[run].length;
        const auto endOf = [&](std::size_t i)
        { return m_Runs[i].begin + m_Runs[i].length + shift; };
        while (next < firstRun[before + 1] && endOf(next) + reach <= begin)
        {
          ++next;
        }
        for (std::size_t i = next;
             i < firstRun[before + 1] && m_Runs[i].begin + shift < end + reach;
             ++i)
        {
          if (voxels[m_Runs[i].begin] == voxels[begin])
          {
            sets.Join(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(run));
          }
        }
      }
    }
  }
  for (std::size_t i = 0; i < m_Runs.size(); ++i)
  {
    auto & root = m_Runs[sets.Root(static_cast<std::uint32_t>(i))];
    if (root.component == NoComponent)
    {
      root.component = static_cast<std::uint32_t>(m_Components.size());
      m_Components.push_back({voxels[root.begin], 0, root.begin});
    }
    m_Runs[i].component = root.component;
    m_Components[root.component].voxels += m_Runs[i].length;
  }
}

void
LabelComponents::Overwrite(LabelImage * labels,
                           const std::vector<bool> & chosen,
                           std::uint16_t value) const
{
  if (labels->GetBufferedRegion().GetNumberOfPixels() != m_Voxels ||
      chosen.size() != m_Components.size())
  {
    throw UsageError(Message("connected components: image of ",
                             labels->GetBufferedRegion().GetNumberOfPixels(),
                             " voxels and ",
                             chosen.size(),
                             " choices, need ",
                             m_Voxels,
                             " and ",
                             m_Components.size()));
  }
  std::uint16_t * voxels = labels->GetBufferPointer();
  for (const auto & run : m_Runs)
  {
    if (chosen[run.component])
    {
      std::fill_n(voxels + run.begin, run.length, value);
    }
  }
}

} // namespace sulcus
