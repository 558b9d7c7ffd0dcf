#include "sulcusHtml.h"

#include "sulcusChart.h"
#include <sulcusError.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace sulcus
{
namespace
{

using testing::HasSubstr;
using testing::Not;

std::vector<std::byte>
BytesOf(std::string_view text)
{
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::size_t
Count(const std::string & text, const std::string & part)
{
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
  {
    ++count;
  }
  return count;
}

/** Every element that needs an end has one, in the right order. */
void
ExpectBalanced(const std::string & html)
{
  std::vector<std::string> open;
  for (auto at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1))
  {
    if (html.compare(at, 2, "<!") == 0)
    {
      continue;
    }
    const bool closing = html[at + 1] == '/';
    const auto begin = at + (closing ? 2 : 1);
    const auto name = html.substr(begin, html.find_first_of(" >/\n", begin) - begin);
    const auto end = html.find('>', at);
    ASSERT_NE(end, std::string::npos);
    if (name == "meta" || name == "img" || html[end - 1] == '/')
    {
      continue;
    }
    if (!closing)
    {
      open.push_back(name);
      if (name == "script" || name == "style")
      {
        at = html.find("</" + name, end) - 1;
      }
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    EXPECT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(Html, EscapesEverythingItIsGiven)
{
  const std::string evil = "<script>alert(\"x\")</script>&'\x01";
  HtmlPage page(evil);
  page.AddSection(evil);
  page.AddHeading(evil);
  page.AddParagraph(evil);
  page.AddNotice(evil);
  page.AddList(std::vector<std::string>{evil});
  page.AddKeyValues(std::vector<std::pair<std::string, std::string>>{{evil, evil}});
  page.AddPreformatted(evil);
  page.BeginGroup(evil);
  Table table({evil, "link"});
  table.AddRow({evil, evil});
  HtmlTableOptions options;
  options.caption = evil;
  options.linkColumn = "link";
  options.links = {{evil, "a\" onclick=\"x"}};
  page.AddTable(table, options);
  ChartOptions chart;
  chart.title = chart.xLabel = chart.yLabel = evil;
  const std::vector<ChartSeries> series{{evil, {1}, {1}}, {evil, {2}, {2}}};
  page.AddChart(ScatterChart(series, chart), evil);
  const std::vector<ChartGroup> groups{{evil, {1.0}}};
  page.AddChart(BoxChart(groups, chart));
  page.EndGroup();
  const auto html = page.Render();
  EXPECT_EQ(Count(html, "<script>"), 1U) << "only the page's own script";
  EXPECT_THAT(html, Not(HasSubstr("onclick=\"x")));
  EXPECT_THAT(html, Not(HasSubstr("\x01")));
  ExpectBalanced(html);
}

TEST(Html, LinksOnlyToFilesBesideThePage)
{
  HtmlPage page("t");
  page.AddFileLink("result <1>", "../out put/a%b:\"c\"é.dcm");
  page.AddFileLink("trick", "javascript:alert(1)");
  const auto html = page.Render();
  EXPECT_THAT(html,
              HasSubstr("<a href=\"../out%20put/a%25b%3A%22c%22%C3%A9.dcm\">result &lt;1&gt;"));
  EXPECT_THAT(html, HasSubstr("href=\"javascript%3Aalert%281%29\""));
  EXPECT_THROW(page.AddFileLink("root", "/etc/hosts"), UsageError);
  EXPECT_THROW(page.AddFileLink("nothing", ""), UsageError);
  ExpectBalanced(html);
}

TEST(Html, CellsGetTheirSwatch)
{
  Table table({"structure", "voxels"});
  table.AddRow({std::string("left"), std::int64_t{3}});
  table.AddRow({std::string("other"), std::int64_t{4}});
  HtmlPage page("t");
  HtmlTableOptions options;
  options.swatchColumn = "structure";
  options.swatches = {{"left", "#0a1B2c"}, {"3", "#000000"}};
  page.AddTable(table, options);
  const auto html = page.Render();
  EXPECT_THAT(
      html, HasSubstr("<td><span class=\"swatch\" style=\"background:#0a1B2c\"></span>left</td>"));
  EXPECT_THAT(html, HasSubstr("<td>other</td><td class=\"n\">4</td>"));
  EXPECT_EQ(Count(html, "<span class=\"swatch\""), 1U);
  ExpectBalanced(html);
  options.swatches = {{"left", "red\" onclick=\"x"}};
  EXPECT_THROW(page.AddTable(table, options), UsageError);
}

TEST(Html, AsksTheNetworkForNothing)
{
  HtmlPage page("Study");
  page.AddSection("One");
  page.AddSection("One");
  page.AddPng(BytesOf("\x89PNG\r\n\x1a\nrest"), "a mosaic", "case 1");
  const std::vector<ChartSeries> series{{"loss", {1, 2}, {3, 4}}};
  page.AddChart(LineChart(series, {}));
  const auto html = page.Render();
  EXPECT_EQ(Count(html, "http"),
            Count(html, "xmlns=\"http://www.w3.org/2000/svg\"") + Count(html, "http-equiv"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr("width=device-width"));
  EXPECT_THAT(html, HasSubstr("data:image/png;base64,iVBORw0KGgpyZXN0"));
  EXPECT_THAT(html, HasSubstr("id=\"one-2\""));
  ExpectBalanced(html);
}

TEST(Html, Base64OfTheStandard)
{
  EXPECT_EQ(Base64(BytesOf("")), "");
  EXPECT_EQ(Base64(BytesOf("f")), "Zg==");
  EXPECT_EQ(Base64(BytesOf("fo")), "Zm8=");
  EXPECT_EQ(Base64(BytesOf("foobar")), "Zm9vYmFy");
}

TEST(Html, TablesCarryFullPrecisionForSorting)
{
  Table table({"case", "dice"});
  table.AddRow({std::string("c1"), 0.123456789});
  table.AddRow({std::string("c2"), Cell()});
  HtmlPage page("t");
  const auto section = page.AddSection("Case c1", "case c1");
  HtmlTableOptions options;
  options.linkColumn = "case";
  options.links = {{"c1", section}};
  page.AddTable(table, options);
  const auto html = page.Render();
  EXPECT_THAT(html, HasSubstr("<td class=\"n\" data-v=\"0.123456789\">0.123</td>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"n m\">n/a</td>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"#case-c1\">c1</a>"));
}

TEST(Html, MisuseIsRefused)
{
  HtmlPage page("t");
  EXPECT_THROW(page.AddChart("<p>no</p>"), UsageError);
  EXPECT_THROW(page.AddChart("<svg><script>x</script></svg>"), UsageError);
  EXPECT_THROW(page.AddPng(BytesOf("GIF89a, not a PNG"), "x"), UsageError);
  EXPECT_THROW(page.EndGroup(), UsageError);
  page.BeginGroup("open");
  EXPECT_THROW(page.Render(), UsageError);
}

TEST(Chart, MapsValuesLinearly)
{
  ChartOptions options;
  options.xRange = std::pair(0.0, 10.0);
  options.yRange = std::pair(0.0, 1.0);
  const std::vector<ChartSeries> series{{"s", {0, 10, 5}, {0, 1, 0.5}}};
  const auto svg = ScatterChart(series, options);
  // Frame: x from 64 to 624, y from 350 up to 14.
  EXPECT_THAT(svg, HasSubstr("cx=\"64.0\" cy=\"350.0\""));
  EXPECT_THAT(svg, HasSubstr("cx=\"624.0\" cy=\"14.0\""));
  EXPECT_THAT(svg, HasSubstr("cx=\"344.0\" cy=\"182.0\""));
  ExpectBalanced(svg);
}

TEST(Chart, CountsWhatItCannotDraw)
{
  const double none = std::nan("");
  ChartOptions options;
  options.logarithmicY = true;
  const std::vector<ChartSeries> series{{"loss", {1, 2, 3, 4}, {1.0, none, -1.0, 0.01}}};
  const auto svg = LineChart(series, options);
  EXPECT_THAT(svg, HasSubstr("2 values cannot be drawn"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  ExpectBalanced(svg);
}

TEST(Chart, DrawsEmptyConstantAndInfiniteInput)
{
  const double infinite = std::numeric_limits<double>::infinity();
  for (const auto & values :
       std::vector<std::vector<double>>{{}, {5}, {5, 5}, {infinite}, {0, 0}, {1e-9, 1e9}})
  {
    for (const bool logarithmic : {false, true})
    {
      ChartOptions options;
      options.logarithmicX = options.logarithmicY = logarithmic;
      options.diagonal = true;
      const std::vector<ChartSeries> series{{"s", values, values}};
      const std::vector<ChartGroup> groups{{"g", values}};
      for (const auto & svg : {LineChart(series, options),
                               ScatterChart(series, options),
                               BoxChart(groups, options),
                               BlandAltmanChart(values, values, "ml", options)})
      {
        ExpectBalanced(svg);
        EXPECT_THAT(svg, Not(HasSubstr("=\"nan")));
        EXPECT_THAT(svg, Not(HasSubstr("=\"inf")));
        EXPECT_THAT(svg, Not(HasSubstr("=\"-nan")));
      }
    }
  }
  const std::vector<ChartSeries> uneven{{"s", {1}, {}}};
  EXPECT_THROW(LineChart(uneven, {}), UsageError);
}

TEST(Chart, BlandAltmanByHand)
{
  // Differences 1, 2, 3: bias 2, standard deviation 1.
  const std::vector<double> reference{10, 20, 30, std::nan("")};
  const std::vector<double> measured{11, 22, 33, 4};
  const auto result = ComputeBlandAltman(reference, measured);
  EXPECT_EQ(result.pairs, 3U);
  EXPECT_DOUBLE_EQ(result.bias, 2.0);
  EXPECT_NEAR(result.lowerLimit, 0.04, 1e-12);
  EXPECT_DOUBLE_EQ(result.upperLimit, 3.96);
  const auto svg = BlandAltmanChart(reference, measured, "ml", {});
  EXPECT_THAT(svg, HasSubstr("bias +2 ml"));
  EXPECT_THAT(svg, HasSubstr("1 value cannot be drawn"));
}

} // namespace
} // namespace sulcus
