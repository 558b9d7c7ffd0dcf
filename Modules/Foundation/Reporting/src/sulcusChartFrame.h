#pragma once

#include "sulcusAxis.h"
#include "sulcusChart.h"

#include <limits>
#include <memory>

namespace sulcus
{

/** Smallest and largest drawable value seen so far. */
struct DataRange
{
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void
  Include(double value, bool logarithmic = false);
};

/** Title, axes, grid, legend and note around the marks of a chart. */
class ChartFrame
{
public:
  ChartFrame(const ChartOptions & options,
             const DataRange & x,
             const DataRange & y,
             std::vector<std::string> legend,
             std::vector<std::string> categories = {});

  const Axis &
  X() const
  {
    return m_X;
  }
  const Axis &
  Y() const
  {
    return m_Y;
  }

  void
  Add(const std::string & mark)
  {
    m_Marks += mark;
  }
  /** Counts a value that has no place on the axes. */
  void
  Skip()
  {
    ++m_Skipped;
  }
  /** A horizontal line across the chart with a text at its right end. */
  void
  AddHorizontal(double y, const std::string & text, const std::string & colour, bool dashed);

  /** The finished `<svg>` element. */
  std::string
  Finish() const;

  static std::string
  Colour(std::size_t index);

private:
  std::string
  AxesAndGrid() const;
  std::string
  Legend() const;

  ChartOptions m_Options;
  std::vector<std::string> m_Legend;
  std::vector<std::string> m_Categories;
  double m_Left = 64.0;
  double m_Right;
  double m_Top;
  double m_Bottom;
  Axis m_X;
  Axis m_Y;
  std::string m_Marks;
  std::size_t m_Skipped = 0;
};

} // namespace sulcus
