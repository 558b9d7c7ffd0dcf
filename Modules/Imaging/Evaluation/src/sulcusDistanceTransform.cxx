#include "sulcusDistanceTransform.h"

#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

constexpr double Infinite = std::numeric_limits<double>::infinity();

/** Squared distances along one row to its own sources. */
void
ScanRow(const std::uint8_t * sources, double * squared, std::size_t count, double spacing)
{
  constexpr auto none = std::numeric_limits<std::size_t>::max();
  std::size_t last = none;
  for (std::size_t i = 0; i < count; ++i)
  {
    last = sources[i] ? i : last;
    const double step = spacing * static_cast<double>(i - last);
    squared[i] = last == none ? Infinite : step * step;
  }
  last = none;
  for (std::size_t i = count; i-- > 0;)
  {
    last = sources[i] ? i : last;
    if (last != none)
    {
      const double step = spacing * static_cast<double>(last - i);
      squared[i] = std::min(squared[i], step * step);
    }
  }
}

/** The minimum over parabolas value[j] + (spacing·(i − j))² at every i of one line. */
class LowerEnvelope
{
public:
  explicit LowerEnvelope(std::size_t count) : m_Value(count), m_Apex(count), m_Start(count + 1)
  {
  }

  void
  Apply(double * line, std::size_t stride, double spacing)
  {
    const std::size_t count = m_Value.size();
    std::size_t parabolas = 0;
    for (std::size_t j = 0; j < count; ++j)
    {
      m_Value[j] = line[j * stride];
      if (m_Value[j] == Infinite)
      {
        continue;
      }
      double start = -Infinite;
      while (parabolas > 0)
      {
        start = Crossing(m_Apex[parabolas - 1], j, spacing);
        if (start > m_Start[parabolas - 1])
        {
          break;
        }
        --parabolas;
        start = -Infinite;
      }
      m_Apex[parabolas] = j;
      m_Start[parabolas] = start;
      ++parabolas;
    }
    if (parabolas == 0)
    {
      return;
    }
    m_Start[parabolas] = Infinite;
    for (std::size_t i = 0, p = 0; i < count; ++i)
    {
      while (m_Start[p + 1] < static_cast<double>(i))
      {
        ++p;
      }
      const double step = spacing * (static_cast<double>(i) - static_cast<double>(m_Apex[p]));
      line[i * stride] = m_Value[m_Apex[p]] + step * step;
    }
  }

private:
  /** Position, in steps, from which the parabola at the later apex b is the lower one. */
  double
  Crossing(std::size_t a, std::size_t b, double spacing) const
  {
    const auto left = static_cast<double>(a);
    const auto right = static_cast<double>(b);
    const double lift = (m_Value[b] - m_Value[a]) / (spacing * spacing);
    return 0.5 * (left + right + lift / (right - left));
  }

  std::vector<double> m_Value;
  std::vector<std::size_t> m_Apex;
  std::vector<double> m_Start;
};

} // namespace

std::vector<double>
SquaredDistances(std::span<const std::uint8_t> sources,
                 const std::array<std::size_t, 3> & size,
                 const std::array<double, 3> & spacingInMm)
{
  const auto [nx, ny, nz] = size;
  std::vector<double> squared(sources.size());
  constexpr std::size_t fewLines = 2;
  ParallelFor(
      nz,
      [&](std::size_t begin, std::size_t end)
      {
        LowerEnvelope envelope(ny);
        for (std::size_t z = begin; z < end; ++z)
        {
          const std::size_t slice = z * nx * ny;
          for (std::size_t y = 0; y < ny; ++y)
          {
            const std::size_t row = slice + y * nx;
            ScanRow(sources.data() + row, squared.data() + row, nx, spacingInMm[0]);
          }
          for (std::size_t x = 0; x < nx && ny > 1; ++x)
          {
            envelope.Apply(squared.data() + slice + x, nx, spacingInMm[1]);
          }
        }
      },
      fewLines);
  if (nz > 1)
  {
    ParallelFor(
        ny,
        [&](std::size_t begin, std::size_t end)
        {
          LowerEnvelope envelope(nz);
          for (std::size_t i = begin * nx; i < end * nx; ++i)
          {
            envelope.Apply(squared.data() + i, nx * ny, spacingInMm[2]);
          }
        },
        fewLines);
  }
  return squared;
}

} // namespace sulcus
