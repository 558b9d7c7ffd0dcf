#include "sulcusAxis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

Axis::Axis(
    double low, double high, bool logarithmic, double firstPixel, double lastPixel, bool round)
    : m_Low(low), m_High(high), m_Logarithmic(logarithmic), m_FirstPixel(firstPixel),
      m_LastPixel(lastPixel)
{
  if (!std::isfinite(m_Low) || !std::isfinite(m_High) || m_High < m_Low)
  {
    m_Low = logarithmic ? 0.1 : 0.0;
    m_High = 1.0;
  }
  if (m_High - m_Low <= 1e-12 * std::max(std::abs(m_Low), std::abs(m_High)))
  {
    const double widening = m_Low == 0.0 ? 1.0 : 0.1 * std::abs(m_Low);
    m_Low = logarithmic ? 0.5 * m_Low : m_Low - widening;
    m_High = logarithmic ? 2.0 * m_High : m_High + widening;
  }
  if (logarithmic)
  {
    MakeLogarithmic(round);
  }
  else
  {
    MakeLinear(round);
  }
}

/** About five steps of 1, 2 or 5 times a power of ten. */
void
Axis::MakeLinear(bool round)
{
  const double rough = (m_High - m_Low) / 5.0;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double lead = rough / power;
  m_Step = power * (lead < 1.5 ? 1.0 : lead < 3.5 ? 2.0 : lead < 7.5 ? 5.0 : 10.0);
  if (round)
  {
    m_Low = m_Step * std::floor(m_Low / m_Step + 1e-9);
    m_High = m_Step * std::ceil(m_High / m_Step - 1e-9);
  }
  const double first = std::ceil(m_Low / m_Step - 1e-9);
  const double last = std::floor(m_High / m_Step + 1e-9);
  for (double k = first; k <= last; k += 1.0)
  {
    m_Ticks.push_back(k == 0.0 ? 0.0 : k * m_Step);
  }
}

void
Axis::MakeLogarithmic(bool round)
{
  if (round)
  {
    m_Low = std::pow(10.0, std::floor(std::log10(m_Low) + 1e-9));
    m_High = std::pow(10.0, std::ceil(std::log10(m_High) - 1e-9));
  }
  const double first = std::ceil(std::log10(m_Low) - 1e-9);
  const double last = std::floor(std::log10(m_High) + 1e-9);
  const double step = std::max(1.0, std::ceil((last - first) / 6.0));
  for (double k = first; k <= last; k += step)
  {
    m_Ticks.push_back(std::pow(10.0, k));
  }
}

bool
Axis::CanDraw(double value) const
{
  return std::isfinite(value) && (!m_Logarithmic || value > 0.0);
}

double
Axis::Pixel(double value) const
{
  const double fraction = m_Logarithmic ? std::log(value / m_Low) / std::log(m_High / m_Low)
                                        : (value - m_Low) / (m_High - m_Low);
  return m_FirstPixel + std::clamp(fraction, -0.02, 1.02) * (m_LastPixel - m_FirstPixel);
}

std::string
Axis::TickText(double tick) const
{
  const double size = std::max(std::abs(m_Low), std::abs(m_High));
  if (m_Logarithmic || size >= 1e6 || size < 1e-3)
  {
    return fmt::format("{:.3g}", tick);
  }
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(m_Step) - 1e-9)));
  return fmt::format("{:.{}f}", tick, decimals);
}

} // namespace sulcus
