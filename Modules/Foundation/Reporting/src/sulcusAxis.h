#pragma once

#include <string>
#include <vector>

namespace sulcus
{

/** Maps values of one axis to pixels, with round tick marks. */
class Axis
{
public:
  /** Not finite or empty ranges are widened to something drawable.
   * \param round  extends the range to the outermost tick marks */
  Axis(double low, double high, bool logarithmic, double firstPixel, double lastPixel, bool round);

  bool
  CanDraw(double value) const;

  double
  Pixel(double value) const;

  const std::vector<double> &
  Ticks() const
  {
    return m_Ticks;
  }

  std::string
  TickText(double tick) const;

  double
  Low() const
  {
    return m_Low;
  }
  double
  High() const
  {
    return m_High;
  }

private:
  void
  MakeLinear(bool round);
  void
  MakeLogarithmic(bool round);

  double m_Low;
  double m_High;
  bool m_Logarithmic;
  double m_FirstPixel;
  double m_LastPixel;
  double m_Step = 1.0;
  std::vector<double> m_Ticks;
};

} // namespace sulcus
