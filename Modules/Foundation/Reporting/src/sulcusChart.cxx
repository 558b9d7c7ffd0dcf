#include "sulcusChart.h"

#include "sulcusChartFrame.h"
#include "sulcusStatistics.h"
#include <sulcusError.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

ChartFrame
FrameOfSeries(std::span<const ChartSeries> series, const ChartOptions & options)
{
  DataRange x;
  DataRange y;
  std::vector<std::string> names;
  for (const auto & one : series)
  {
    if (one.x.size() != one.y.size())
    {
      throw UsageError(Message("chart series '",
                               one.name,
                               "' has ",
                               one.x.size(),
                               " x values and ",
                               one.y.size(),
                               " y values"));
    }
    for (std::size_t i = 0; i < one.x.size(); ++i)
    {
      x.Include(one.x[i], options.logarithmicX);
      y.Include(one.y[i], options.logarithmicY);
    }
    names.push_back(one.name);
  }
  if (names.size() == 1)
  {
    names.clear(); // one series needs no legend: the title says what it is
  }
  return {options, x, y, names};
}

std::string
Dot(double x, double y, const std::string & colour, const std::string & hint)
{
  return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\" fill-opacity=\"0.6\">"
                     "<title>{}</title></circle>\n",
                     x,
                     y,
                     colour,
                     hint);
}

std::string
Hint(double x, double y)
{
  return fmt::format("{:.4g}, {:.4g}", x, y);
}

void
AddDots(ChartFrame & frame, const ChartSeries & series, const std::string & colour)
{
  for (std::size_t i = 0; i < series.x.size(); ++i)
  {
    if (!frame.X().CanDraw(series.x[i]) || !frame.Y().CanDraw(series.y[i]))
    {
      frame.Skip();
      continue;
    }
    frame.Add(Dot(frame.X().Pixel(series.x[i]),
                  frame.Y().Pixel(series.y[i]),
                  colour,
                  Hint(series.x[i], series.y[i])));
  }
}

/** Outermost values within 1.5 interquartile ranges of the box. */
std::pair<double, double>
Whiskers(const std::vector<double> & values, double lower, double upper)
{
  const double reach = 1.5 * (upper - lower);
  double low = lower;
  double high = upper;
  for (const double value : values)
  {
    low = value >= lower - reach ? std::min(low, value) : low;
    high = value <= upper + reach ? std::max(high, value) : high;
  }
  return {low, high};
}

void
AddBox(ChartFrame & frame,
       const std::vector<double> & values,
       double centre,
       double half,
       const std::string & colour)
{
  const double lower = Quantile(values, 0.25);
  const double upper = Quantile(values, 0.75);
  const auto [low, high] = Whiskers(values, lower, upper);
  const auto & axis = frame.Y();
  frame.Add(fmt::format("<path d=\"M{0:.1f} {1:.1f}V{2:.1f}M{0:.1f} {3:.1f}V{4:.1f}\" "
                        "stroke=\"{5}\" fill=\"none\"/>\n",
                        centre,
                        axis.Pixel(low),
                        axis.Pixel(lower),
                        axis.Pixel(upper),
                        axis.Pixel(high),
                        colour));
  frame.Add(fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                        "fill=\"{}\" fill-opacity=\"0.15\" "
                        "stroke=\"{}\"/>\n",
                        centre - half,
                        axis.Pixel(upper),
                        2.0 * half,
                        axis.Pixel(lower) - axis.Pixel(upper),
                        colour,
                        colour));
  const double median = axis.Pixel(Median(values));
  frame.Add(fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" "
                        "stroke=\"{}\" stroke-width=\"2.5\"/>\n",
                        centre - half,
                        centre + half,
                        median,
                        median,
                        colour));
}

} // namespace

std::string
LineChart(std::span<const ChartSeries> series, const ChartOptions & options)
{
  auto frame = FrameOfSeries(series, options);
  for (std::size_t s = 0; s < series.size(); ++s)
  {
    std::string path;
    bool drawing = false;
    for (std::size_t i = 0; i < series[s].x.size(); ++i)
    {
      if (!frame.X().CanDraw(series[s].x[i]) || !frame.Y().CanDraw(series[s].y[i]))
      {
        frame.Skip();
        drawing = false;
        continue;
      }
      path += fmt::format("{}{:.1f} {:.1f}",
                          drawing ? 'L' : 'M',
                          frame.X().Pixel(series[s].x[i]),
                          frame.Y().Pixel(series[s].y[i]));
      drawing = true;
    }
    frame.Add(fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
                          "stroke-linejoin=\"round\"/>\n",
                          path,
                          ChartFrame::Colour(s)));
    if (series[s].x.size() <= 40)
    {
      auto dots = series[s];
      frame.Add("<g>\n");
      for (std::size_t i = 0; i < dots.x.size(); ++i)
      {
        if (frame.X().CanDraw(dots.x[i]) && frame.Y().CanDraw(dots.y[i]))
        {
          frame.Add(Dot(frame.X().Pixel(dots.x[i]),
                        frame.Y().Pixel(dots.y[i]),
                        ChartFrame::Colour(s),
                        Hint(dots.x[i], dots.y[i])));
        }
      }
      frame.Add("</g>\n");
    }
  }
  return frame.Finish();
}

std::string
ScatterChart(std::span<const ChartSeries> series, const ChartOptions & options)
{
  auto frame = FrameOfSeries(series, options);
  for (std::size_t s = 0; s < series.size(); ++s)
  {
    AddDots(frame, series[s], ChartFrame::Colour(s));
  }
  return frame.Finish();
}

std::string
BoxChart(std::span<const ChartGroup> groups, const ChartOptions & options)
{
  DataRange y;
  std::vector<std::string> names;
  for (const auto & group : groups)
  {
    for (const double value : group.values)
    {
      y.Include(value, options.logarithmicY);
    }
    names.push_back(group.name);
  }
  ChartOptions own = options;
  own.logarithmicX = false;
  own.xRange = std::pair(-0.5, static_cast<double>(std::max<std::size_t>(groups.size(), 1)) - 0.5);
  ChartFrame frame(own, {}, y, {}, names);
  const double half = 0.3 * (frame.X().Pixel(0.4) - frame.X().Pixel(-0.4));
  for (std::size_t g = 0; g < groups.size(); ++g)
  {
    const double centre = frame.X().Pixel(static_cast<double>(g));
    std::vector<double> drawn;
    for (const double value : groups[g].values)
    {
      if (!frame.Y().CanDraw(value))
      {
        frame.Skip();
        continue;
      }
      // A fixed scatter by position keeps equal values apart and the picture reproducible.
      const double offset = half * 0.8 * (static_cast<double>(drawn.size() * 7 % 11) / 5.0 - 1.0);
      frame.Add(Dot(centre + offset,
                    frame.Y().Pixel(value),
                    ChartFrame::Colour(g),
                    fmt::format("{:.4g}", value)));
      drawn.push_back(value);
    }
    if (!drawn.empty())
    {
      AddBox(frame, drawn, centre, half, ChartFrame::Colour(g));
    }
  }
  return frame.Finish();
}

BlandAltman
ComputeBlandAltman(std::span<const double> reference, std::span<const double> measured)
{
  if (reference.size() != measured.size())
  {
    throw UsageError(
        Message("paired samples of different sizes: ", reference.size(), " and ", measured.size()));
  }
  std::vector<double> differences;
  for (std::size_t i = 0; i < reference.size(); ++i)
  {
    if (std::isfinite(reference[i]) && std::isfinite(measured[i]))
    {
      differences.push_back(measured[i] - reference[i]);
    }
  }
  const double bias = Mean(differences);
  const double spread = 1.96 * StandardDeviation(differences);
  return {bias, bias - spread, bias + spread, differences.size()};
}

std::string
BlandAltmanChart(std::span<const double> reference,
                 std::span<const double> measured,
                 const std::string & unit,
                 const ChartOptions & options)
{
  const auto agreement = ComputeBlandAltman(reference, measured);
  ChartSeries series;
  DataRange x;
  DataRange y;
  for (std::size_t i = 0; i < reference.size(); ++i)
  {
    series.x.push_back(0.5 * (reference[i] + measured[i]));
    series.y.push_back(measured[i] - reference[i]);
    x.Include(series.x.back());
    y.Include(series.y.back());
  }
  for (const double value : {0.0, agreement.bias, agreement.lowerLimit, agreement.upperLimit})
  {
    y.Include(value);
  }
  ChartOptions own = options;
  own.logarithmicX = own.logarithmicY = false;
  own.xLabel = own.xLabel.empty() ? fmt::format("mean of both ({})", unit) : own.xLabel;
  own.yLabel = own.yLabel.empty() ? fmt::format("difference ({})", unit) : own.yLabel;
  ChartFrame frame(own, x, y, {});
  frame.AddHorizontal(0.0, "", "#888888", false);
  AddDots(frame, series, ChartFrame::Colour(0));
  frame.AddHorizontal(
      agreement.bias, fmt::format("bias {:+.3g} {}", agreement.bias, unit), "#d55e00", false);
  frame.AddHorizontal(
      agreement.lowerLimit, fmt::format("{:+.3g}", agreement.lowerLimit), "#d55e00", true);
  frame.AddHorizontal(
      agreement.upperLimit, fmt::format("{:+.3g}", agreement.upperLimit), "#d55e00", true);
  return frame.Finish();
}

} // namespace sulcus
