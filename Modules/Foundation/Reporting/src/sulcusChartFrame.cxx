#include "sulcusChartFrame.h"

#include "sulcusHtml.h"
#include <sulcusMarkup.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sulcus
{
namespace
{

constexpr double LegendRow = 18.0;

Axis
MakeAxis(const DataRange & data,
         const std::optional<std::pair<double, double>> & range,
         bool logarithmic,
         double firstPixel,
         double lastPixel)
{
  if (range)
  {
    return {range->first, range->second, logarithmic, firstPixel, lastPixel, false};
  }
  return {data.low, data.high, logarithmic, firstPixel, lastPixel, true};
}

double
TopOf(const ChartOptions & options, std::size_t legendEntries)
{
  const double title = options.title.empty() ? 14.0 : 34.0;
  return title + LegendRow * std::ceil(static_cast<double>(legendEntries) / 3.0);
}

} // namespace

void
DataRange::Include(double value, bool logarithmic)
{
  if (std::isfinite(value) && (!logarithmic || value > 0.0))
  {
    low = std::min(low, value);
    high = std::max(high, value);
  }
}

ChartFrame::ChartFrame(const ChartOptions & options,
                       const DataRange & x,
                       const DataRange & y,
                       std::vector<std::string> legend,
                       std::vector<std::string> categories)
    : m_Options(options), m_Legend(std::move(legend)), m_Categories(std::move(categories)),
      m_Right(options.widthInPixels - 16.0), m_Top(TopOf(options, m_Legend.size())),
      m_Bottom(options.heightInPixels - 50.0),
      m_X(MakeAxis(x, options.xRange, options.logarithmicX, m_Left, m_Right)),
      m_Y(MakeAxis(y, options.yRange, options.logarithmicY, m_Bottom, m_Top))
{
}

std::string
ChartFrame::Colour(std::size_t index)
{
  // Okabe and Ito's palette: distinct for all common kinds of colour vision.
  static const std::array<const char *, 7> palette{
      "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"};
  return palette[index % palette.size()];
}

void
ChartFrame::AddHorizontal(double y,
                          const std::string & text,
                          const std::string & colour,
                          bool dashed)
{
  if (!m_Y.CanDraw(y))
  {
    return;
  }
  const double pixel = m_Y.Pixel(y);
  Add(fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"{}/>"
                  "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"{}\">{}</text>\n",
                  m_Left,
                  m_Right,
                  pixel,
                  pixel,
                  colour,
                  dashed ? " stroke-dasharray=\"6 4\"" : "",
                  m_Right - 4.0,
                  pixel - 4.0,
                  colour,
                  EscapeMarkup(text)));
}

std::string
ChartFrame::AxesAndGrid() const
{
  std::string text;
  for (const double tick : m_Y.Ticks())
  {
    const double y = m_Y.Pixel(tick);
    text += fmt::format(
        "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#8884\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        m_Left,
        m_Right,
        y,
        y,
        m_Left - 6.0,
        y + 4.0,
        m_Y.TickText(tick));
  }
  for (const double tick : m_X.Ticks())
  {
    if (!m_Categories.empty())
    {
      break;
    }
    const double x = m_X.Pixel(tick);
    text += fmt::format(
        "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#8884\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
        x,
        x,
        m_Top,
        m_Bottom,
        x,
        m_Bottom + 16.0,
        m_X.TickText(tick));
  }
  for (std::size_t c = 0; c < m_Categories.size(); ++c)
  {
    const double x = m_X.Pixel(static_cast<double>(c));
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                        x,
                        m_Bottom + 16.0,
                        EscapeMarkup(m_Categories[c]));
  }
  text += fmt::format(
      "<path d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\" fill=\"none\" stroke=\"currentColor\"/>\n",
      m_Left,
      m_Top,
      m_Bottom,
      m_Right);
  const double middleX = 0.5 * (m_Left + m_Right);
  const double middleY = 0.5 * (m_Top + m_Bottom);
  text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                      middleX,
                      m_Bottom + 36.0,
                      EscapeMarkup(m_Options.xLabel));
  text += fmt::format(
      "<text transform=\"translate(14 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
      middleY,
      EscapeMarkup(m_Options.yLabel));
  return text;
}

std::string
ChartFrame::Legend() const
{
  std::string text;
  const double column = (m_Right - m_Left) / 3.0;
  const double firstRow = m_Options.title.empty() ? 14.0 : 36.0;
  for (std::size_t i = 0; i < m_Legend.size(); ++i)
  {
    const double x = m_Left + column * static_cast<double>(i % 3);
    const double y = firstRow + LegendRow * static_cast<double>(i / 3);
    text += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"8\" fill=\"{}\"/>"
                        "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                        x,
                        y - 8.0,
                        Colour(i),
                        x + 17.0,
                        y,
                        EscapeMarkup(m_Legend[i]));
  }
  return text;
}

std::string
ChartFrame::Finish() const
{
  const auto title = EscapeMarkup(m_Options.title);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-label=\"{}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"currentColor\" "
      "style=\"width:100%;max-width:{}px;height:auto\">\n",
      m_Options.widthInPixels,
      m_Options.heightInPixels,
      title,
      m_Options.widthInPixels);
  if (!title.empty())
  {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"16\" text-anchor=\"middle\" font-size=\"14\" "
                       "font-weight=\"bold\">{}</text>\n",
                       0.5 * m_Options.widthInPixels,
                       title);
  }
  svg += Legend() + AxesAndGrid();
  if (m_Options.diagonal)
  {
    const double low = std::max(m_X.Low(), m_Y.Low());
    const double high = std::min(m_X.High(), m_Y.High());
    svg +=
        fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#888\" "
                    "stroke-dasharray=\"4 4\"/>\n",
                    m_X.Pixel(low),
                    m_Y.Pixel(low),
                    m_X.Pixel(high),
                    m_Y.Pixel(high));
  }
  svg += m_Marks;
  if (m_Skipped > 0)
  {
    svg += fmt::format(
        "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"end\" font-style=\"italic\">{} value{} "
        "cannot be drawn (missing, infinite or not positive)</text>\n",
        m_Right,
        m_Options.heightInPixels - 2,
        m_Skipped,
        m_Skipped == 1 ? "" : "s");
  }
  return svg + "</svg>\n";
}

} // namespace sulcus
