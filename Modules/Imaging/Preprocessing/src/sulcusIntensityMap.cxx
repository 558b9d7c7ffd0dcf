#include "sulcusIntensityMap.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{

IntensityMap::IntensityMap(std::vector<double> from, std::vector<double> to, bool clamped)
    : m_From(std::move(from)), m_To(std::move(to)), m_Clamped(clamped)
{
  bool valid = !m_From.empty() && m_From.size() == m_To.size();
  for (std::size_t i = 0; valid && i < m_From.size(); ++i)
  {
    valid =
        std::isfinite(m_From[i]) && std::isfinite(m_To[i]) && (i == 0 || m_From[i] > m_From[i - 1]);
  }
  if (!valid)
  {
    throw UsageError(Message("intensity map: need ascending finite points, one value each; got ",
                             m_From.size(),
                             " points and ",
                             m_To.size(),
                             " values"));
  }
}

double
IntensityMap::operator()(double value) const
{
  if (m_From.empty())
  {
    return value;
  }
  if (m_From.size() == 1)
  {
    return m_To[0];
  }
  if (m_Clamped)
  {
    value = std::clamp(value, m_From.front(), m_From.back());
  }
  const auto above = std::upper_bound(m_From.begin() + 1, m_From.end() - 1, value);
  const auto i = static_cast<std::size_t>(above - m_From.begin());
  const double slope = (m_To[i] - m_To[i - 1]) / (m_From[i] - m_From[i - 1]);
  return m_To[i - 1] + slope * (value - m_From[i - 1]);
}

IntensityMap
IntensityMap::After(const IntensityMap & clip) const
{
  if (clip.IsIdentity())
  {
    return *this;
  }
  if (IsIdentity())
  {
    return clip;
  }
  std::vector<double> from = clip.m_From;
  for (const double point : m_From)
  {
    if (point > clip.m_From.front() && point < clip.m_From.back())
    {
      from.push_back(point);
    }
  }
  std::sort(from.begin(), from.end());
  from.erase(std::unique(from.begin(), from.end()), from.end());
  std::vector<double> to;
  for (const double point : from)
  {
    to.push_back((*this)(clip(point)));
  }
  return IntensityMap(std::move(from), std::move(to), true);
}

std::vector<IntensityMap::Piece>
IntensityMap::Pieces() const
{
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  if (m_From.empty())
  {
    return {{lowest, 1.0F, 0.0F}};
  }
  if (m_From.size() == 1)
  {
    return {{lowest, 0.0F, static_cast<float>(m_To[0])}};
  }
  std::vector<Piece> pieces;
  if (m_Clamped)
  {
    pieces.push_back({lowest, 0.0F, static_cast<float>(m_To.front())});
  }
  for (std::size_t i = 0; i + 1 < m_From.size(); ++i)
  {
    const double slope = (m_To[i + 1] - m_To[i]) / (m_From[i + 1] - m_From[i]);
    const float begin = pieces.empty() ? lowest : static_cast<float>(m_From[i]);
    pieces.push_back(
        {begin, static_cast<float>(slope), static_cast<float>(m_To[i] - slope * m_From[i])});
  }
  if (m_Clamped)
  {
    pieces.push_back({static_cast<float>(m_From.back()), 0.0F, static_cast<float>(m_To.back())});
  }
  return pieces;
}

IntensityMap
ClipMap(double low, double high)
{
  if (low == high)
  {
    return IntensityMap({low}, {low}, true);
  }
  return IntensityMap({low, high}, {low, high}, true);
}

IntensityMap
ZScoreMap(double mean, double standardDeviation)
{
  if (standardDeviation == 0.0)
  {
    return IntensityMap({mean}, {0.0}, true);
  }
  return IntensityMap({mean, mean + standardDeviation}, {0.0, 1.0}, false);
}

IntensityMap
RescaleMap(double low, double high)
{
  if (low == high)
  {
    return IntensityMap({low}, {0.0}, true);
  }
  return IntensityMap({low, high}, {0.0, 1.0}, false);
}

void
ApplyPieces(const std::vector<IntensityMap::Piece> & pieces,
            const float * values,
            std::size_t count,
            float * out)
{
  for (std::size_t i = 0; i < count; ++i)
  {
    const float value = values[i];
    float slope = pieces[0].slope;
    float intercept = pieces[0].intercept;
    for (std::size_t p = 1; p < pieces.size(); ++p)
    {
      const bool beyond = value >= pieces[p].begin;
      slope = beyond ? pieces[p].slope : slope;
      intercept = beyond ? pieces[p].intercept : intercept;
    }
    out[i] = slope * value + intercept;
  }
}

} // namespace sulcus
