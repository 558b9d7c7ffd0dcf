#include "sulcusProbePage.h"

#include <sulcusChart.h>
#include <sulcusHtml.h>

#include <torch/types.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

namespace sulcus
{
namespace
{

std::string
EmbeddingChart(const ProbedNetwork & probed, int partitions)
{
  const auto components = FindPrincipalComponents(probed.patches.embeddings, 2);
  std::vector<ChartSeries> series;
  for (int part = 0; part < partitions; ++part)
  {
    ChartSeries points;
    points.name = "part " + std::to_string(part + 1);
    for (std::int64_t i = 0; i < components.scores.size(0); ++i)
    {
      if (probed.patches.partition[i].item<std::int64_t>() == part)
      {
        points.x.push_back(components.scores[i][0].item<double>());
        points.y.push_back(components.scores[i][1].item<double>());
      }
    }
    series.push_back(std::move(points));
  }
  const auto label = [&](int component)
  {
    return "component " + std::to_string(component + 1) + " (" +
           std::to_string(
               std::lround(100 * components.explained[static_cast<std::size_t>(component)])) +
           " % of the variance)";
  };
  ChartOptions options;
  options.title = "Embeddings of patches, " + probed.name;
  options.xLabel = label(0);
  options.yLabel = label(1);
  return ScatterChart(series, options);
}

/** One curve of the log, or no chart where no line has it. */
void
AddCurve(HtmlPage & page,
         const std::vector<nlohmann::json> & lines,
         const std::string & key,
         const std::string & title)
{
  ChartSeries curve;
  curve.name = title;
  for (const auto & line : lines)
  {
    const auto value = line.find(key);
    if (value != line.end() && value->is_number())
    {
      curve.x.push_back(line.at("step").get<double>());
      curve.y.push_back(value->get<double>());
    }
  }
  if (curve.x.size() > 1)
  {
    ChartOptions options;
    options.title = title;
    options.xLabel = "step";
    options.yLabel = title;
    options.heightInPixels = 240;
    page.AddChart(LineChart(std::vector<ChartSeries>{curve}, options));
  }
}

std::vector<nlohmann::json>
TrainingLines(const std::filesystem::path & log)
{
  std::ifstream file(log);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);)
  {
    auto parsed = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (parsed.is_object() && parsed.value("kind", "") == "train" && parsed.contains("step"))
    {
      lines.push_back(std::move(parsed));
    }
  }
  return lines;
}

} // namespace

nlohmann::json
ProbeReport(const std::vector<ProbedNetwork> & probed, int partitions)
{
  nlohmann::json report{{"partitions", partitions}, {"chance", 1.0 / partitions}};
  for (const auto & one : probed)
  {
    report["networks"][one.name] = {{"retrieval", one.retrieval.accuracy},
                                    {"queries", one.retrieval.queries},
                                    {"linear_probe", one.dice}};
  }
  return report;
}

void
WriteProbePage(const std::filesystem::path & path,
               const std::vector<ProbedNetwork> & probed,
               int partitions,
               const std::filesystem::path & log)
{
  HtmlPage page("What the network knows");
  page.AddSection("Probes");
  page.AddParagraph(
      "Retrieval: share of patches whose nearest neighbour in another volume shows the "
      "same part; by chance " +
      std::to_string(std::lround(100.0 / partitions)) +
      " %. Linear probe: Dice of a linear classifier on frozen features, fitted on the "
      "labelled training cases, on the validation cases.");
  Table table({"network", "retrieval", "patches", "linear_probe_dice"});
  for (const auto & one : probed)
  {
    const auto dice = one.dice.find("dice");
    table.AddRow({one.name,
                  one.retrieval.accuracy,
                  one.retrieval.queries,
                  dice == one.dice.end() ? Cell{} : Cell{dice->second}});
  }
  page.AddTable(table);
  page.AddSection("Embeddings by part of the body");
  for (const auto & one : probed)
  {
    page.AddChart(EmbeddingChart(one, partitions));
  }
  const auto lines = TrainingLines(log);
  if (!lines.empty())
  {
    page.AddSection("The run");
    for (const auto & [key, title] : {std::pair{"loss", "loss"},
                                      {"embedding_spread", "spread of the embeddings"},
                                      {"alignment", "alignment of views"},
                                      {"uniformity", "uniformity"}})
    {
      AddCurve(page, lines, key, title);
    }
  }
  page.Write(path, Overwrite::Allow);
}

} // namespace sulcus
