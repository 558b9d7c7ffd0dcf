#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** Points of one colour and one legend entry. x and y have the same length; a point that is not
 * finite (or not positive on a logarithmic axis) is left out, and a line is interrupted there. */
struct ChartSeries
{
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

/** One box of a box chart. */
struct ChartGroup
{
  std::string name;
  std::vector<double> values;
};

struct ChartOptions
{
  std::string title;
  std::string xLabel; ///< with the unit: "reference volume (ml)"
  std::string yLabel;
  bool logarithmicX = false;
  bool logarithmicY = false;
  std::optional<std::pair<double, double>> xRange; ///< from the data if not given
  std::optional<std::pair<double, double>> yRange;
  int widthInPixels = 640;
  int heightInPixels = 400;
  bool diagonal = false; ///< also draws y = x
};

/** Charts as `<svg>` elements: no script, no style sheet, no outside reference; colours that
 * colour-blind readers can tell apart. They scale with the page. The same input gives the same
 * text. Points that cannot be drawn are counted in a note below the chart, never dropped in
 * silence. \throws UsageError if x and y of a series differ in length. */
std::string
LineChart(std::span<const ChartSeries> series, const ChartOptions & options);

std::string
ScatterChart(std::span<const ChartSeries> series, const ChartOptions & options);

/** Median, quartiles, whiskers to the outermost values within 1.5 interquartile ranges (Tukey 1977)
 * and every single value as a dot. */
std::string
BoxChart(std::span<const ChartGroup> groups, const ChartOptions & options);

/** What a Bland–Altman chart shows: the bias and the limits of agreement, bias ± 1.96 standard
 * deviations (Bland and Altman 1986). */
struct BlandAltman
{
  double bias = 0.0;
  double lowerLimit = 0.0;
  double upperLimit = 0.0;
  std::size_t pairs = 0;
};

/** Pairs with a value that is not finite are left out. \throws UsageError on unequal sizes. */
BlandAltman
ComputeBlandAltman(std::span<const double> reference, std::span<const double> measured);

/** Difference (measured − reference) over the mean of both. \param unit e.g. "ml" */
std::string
BlandAltmanChart(std::span<const double> reference,
                 std::span<const double> measured,
                 const std::string & unit,
                 const ChartOptions & options);

} // namespace sulcus
