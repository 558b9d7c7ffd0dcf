#pragma once

#include "sulcusChart.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** What a training run wrote into `log.jsonl`: for every quantity its values over the steps. */
struct TrainingLog
{
  std::vector<ChartSeries> training;   ///< loss and its terms, learning rate, …
  std::vector<ChartSeries> validation; ///< scores of validation cases

  /** The series of that name, or nullptr. */
  const ChartSeries *
  Find(const std::string & name) const;
};

/** Reads JSON lines with `step`, `kind` ("train" or "validation") and numbers. A step that a
 * resumed run wrote again counts with its last values; a line that a kill cut short at the end is
 * left out. \throws InputError naming the line for anything else. */
TrainingLog
ReadTrainingLog(const std::filesystem::path & path);

/** At most `points` points: means over stretches of equal length, so that curves of long runs stay
 * small and readable. */
ChartSeries
Thinned(const ChartSeries & series, std::size_t points);

/** Loss over the steps of several runs: name → log. */
std::string
LossCurves(const std::vector<std::pair<std::string, TrainingLog>> & runs,
           const ChartOptions & options);

} // namespace sulcus
