#include "sulcusTrainingLog.h"

#include <sulcusAtomicFile.h>
#include <sulcusError.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <sstream>

namespace sulcus
{
namespace
{

/** Quantity → step → value: a step that is written again replaces itself. */
using Values = std::map<std::string, std::map<double, double>>;

std::vector<ChartSeries>
SeriesOf(const Values & values)
{
  std::vector<ChartSeries> series;
  for (const auto & [name, points] : values)
  {
    ChartSeries one{name, {}, {}};
    for (const auto & [step, value] : points)
    {
      one.x.push_back(step);
      one.y.push_back(value);
    }
    series.push_back(std::move(one));
  }
  return series;
}

void
AddLine(const nlohmann::json & line, Values & training, Values & validation)
{
  const double step = line.at("step").get<double>();
  auto & values = line.at("kind") == "validation" ? validation : training;
  for (const auto & [name, value] : line.items())
  {
    if (name != "step" && name != "kind" && value.is_number())
    {
      values[name][step] = value.get<double>();
    }
  }
}

} // namespace

const ChartSeries *
TrainingLog::Find(const std::string & name) const
{
  for (const auto * list : {&training, &validation})
  {
    for (const auto & series : *list)
    {
      if (series.name == name)
      {
        return &series;
      }
    }
  }
  return nullptr;
}

TrainingLog
ReadTrainingLog(const std::filesystem::path & path)
{
  const auto text = ReadTextFile(path);
  std::istringstream lines(text);
  Values training;
  Values validation;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);)
  {
    ++number;
    const bool cutShort = lines.eof() && !text.ends_with('\n');
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const bool isEntry = json.is_object() && json.contains("step") && json["step"].is_number() &&
                         json.contains("kind");
    if (isEntry)
    {
      AddLine(json, training, validation);
    }
    else if (!cutShort && !line.empty())
    {
      throw InputError(Message(path.string(), ": line ", number, " is no entry of a training log"));
    }
  }
  return {SeriesOf(training), SeriesOf(validation)};
}

ChartSeries
Thinned(const ChartSeries & series, std::size_t points)
{
  if (points == 0 || series.x.size() <= points)
  {
    return series;
  }
  ChartSeries thinned{series.name, {}, {}};
  for (std::size_t p = 0; p < points; ++p)
  {
    const std::size_t begin = p * series.x.size() / points;
    const std::size_t end = (p + 1) * series.x.size() / points;
    double x = 0.0;
    double y = 0.0;
    for (std::size_t i = begin; i < end; ++i)
    {
      x += series.x[i];
      y += series.y[i];
    }
    const auto count = static_cast<double>(end - begin);
    thinned.x.push_back(x / count);
    thinned.y.push_back(y / count);
  }
  return thinned;
}

std::string
LossCurves(const std::vector<std::pair<std::string, TrainingLog>> & runs,
           const ChartOptions & options)
{
  constexpr std::size_t mostPoints = 200;
  std::vector<ChartSeries> curves;
  for (const auto & [name, log] : runs)
  {
    if (const auto * loss = log.Find("loss"))
    {
      auto curve = Thinned(*loss, mostPoints);
      curve.name = name;
      curves.push_back(std::move(curve));
    }
  }
  return LineChart(curves, options);
}

} // namespace sulcus
