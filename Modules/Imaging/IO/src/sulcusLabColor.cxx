#include "sulcusLabColor.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

constexpr double White[3] = {0.950456, 1.0, 1.088754};
constexpr double XyzFromRgb[3][3] = {{0.4124564, 0.3575761, 0.1804375},
                                     {0.2126729, 0.7151522, 0.0721750},
                                     {0.0193339, 0.1191920, 0.9503041}};
constexpr double RgbFromXyz[3][3] = {{3.2404542, -1.5371385, -0.4985314},
                                     {-0.9692660, 1.8760108, 0.0415560},
                                     {0.0556434, -0.2040259, 1.0572252}};
constexpr double Delta = 6.0 / 29.0;

double
ToLinear(double v)
{
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

double
FromLinear(double v)
{
  return v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1.0 / 2.4) - 0.055;
}

double
Forward(double t)
{
  return t > Delta * Delta * Delta ? std::cbrt(t) : t / (3 * Delta * Delta) + 4.0 / 29.0;
}

double
Backward(double t)
{
  return t > Delta ? t * t * t : 3 * Delta * Delta * (t - 4.0 / 29.0);
}

std::uint16_t
Encode(double v, double low, double range)
{
  return static_cast<std::uint16_t>(std::lround(std::clamp((v - low) / range, 0.0, 1.0) * 65535.0));
}

} // namespace

std::array<std::uint16_t, 3>
DicomLabFromRgb(const std::array<std::uint8_t, 3> & rgb)
{
  double f[3];
  for (int i = 0; i < 3; ++i)
  {
    double xyz = 0.0;
    for (int j = 0; j < 3; ++j)
    {
      xyz += XyzFromRgb[i][j] * ToLinear(rgb[j] / 255.0);
    }
    f[i] = Forward(xyz / White[i]);
  }
  return {Encode(116 * f[1] - 16, 0, 100),
          Encode(500 * (f[0] - f[1]), -128, 255),
          Encode(200 * (f[1] - f[2]), -128, 255)};
}

std::array<std::uint8_t, 3>
RgbFromDicomLab(const std::array<std::uint16_t, 3> & lab)
{
  const double l = lab[0] / 65535.0 * 100.0;
  const double a = lab[1] / 65535.0 * 255.0 - 128.0;
  const double b = lab[2] / 65535.0 * 255.0 - 128.0;
  const double fy = (l + 16) / 116;
  const double xyz[3] = {White[0] * Backward(fy + a / 500),
                         White[1] * Backward(fy),
                         White[2] * Backward(fy - b / 200)};
  std::array<std::uint8_t, 3> rgb{};
  for (std::size_t i = 0; i < 3; ++i)
  {
    double linear = 0.0;
    for (std::size_t j = 0; j < 3; ++j)
    {
      linear += RgbFromXyz[i][j] * xyz[j];
    }
    rgb[i] =
        static_cast<std::uint8_t>(std::lround(std::clamp(FromLinear(linear), 0.0, 1.0) * 255.0));
  }
  return rgb;
}

} // namespace sulcus
