#include "sulcusSmoothField.h"

#include <sulcusThreads.h>

#include <cmath>
#include <numbers>

namespace sulcus
{

SmoothField::SmoothField(RandomEngine & random,
                         double standardDeviation,
                         double wavelengthInMm,
                         int waves)
{
  // A cosine has variance 1/2, and the waves are independent.
  m_Amplitude = standardDeviation * std::sqrt(2.0 / waves);
  for (int i = 0; i < waves; ++i)
  {
    const double cosine = random.Uniform(-1.0, 1.0);
    const double sine = std::sqrt(1.0 - cosine * cosine);
    const double azimuth = random.Uniform(0.0, 2.0 * std::numbers::pi);
    const double wavelength = wavelengthInMm * random.Uniform(0.7, 1.3);
    const double length = 2.0 * std::numbers::pi / wavelength;
    m_Waves.push_back(
        {{length * sine * std::cos(azimuth), length * sine * std::sin(azimuth), length * cosine},
         random.Uniform(0.0, 2.0 * std::numbers::pi)});
  }
}

double
SmoothField::operator()(const Point & point) const
{
  double sum = 0.0;
  for (const auto & wave : m_Waves)
  {
    sum += std::cos(wave.phase + wave.vector[0] * point[0] + wave.vector[1] * point[1] +
                    wave.vector[2] * point[2]);
  }
  return m_Amplitude * sum;
}

std::vector<float>
SmoothField::OnGrid(const ImageGrid & grid) const
{
  const std::size_t nx = grid.size[0];
  const std::size_t rows = grid.size[1] * grid.size[2];
  std::vector<float> values(nx * rows);
  const auto rowValues = [&](std::size_t row)
  {
    const auto first = grid.PointAt(
        0.0, static_cast<double>(row % grid.size[1]), static_cast<double>(row / grid.size[1]));
    std::vector<double> sums(nx, 0.0);
    for (const auto & wave : m_Waves)
    {
      double phase = wave.phase;
      double step = 0.0;
      for (int axis = 0; axis < 3; ++axis)
      {
        phase += wave.vector[axis] * first[axis];
        step += wave.vector[axis] * grid.direction[axis][0] * grid.spacing[0];
      }
      double real = std::cos(phase);
      double imaginary = std::sin(phase);
      const double turnReal = std::cos(step);
      const double turnImaginary = std::sin(step);
      for (std::size_t x = 0; x < nx; ++x)
      {
        sums[x] += real;
        const double next = real * turnReal - imaginary * turnImaginary;
        imaginary = real * turnImaginary + imaginary * turnReal;
        real = next;
      }
    }
    for (std::size_t x = 0; x < nx; ++x)
    {
      values[row * nx + x] = static_cast<float>(m_Amplitude * sums[x]);
    }
  };
  ParallelFor(rows,
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t row = begin; row < end; ++row)
                {
                  rowValues(row);
                }
              });
  return values;
}

} // namespace sulcus
