#include "sulcusScoreTable.h"

#include <sulcusError.h>

#include <fmt/format.h>

#include <algorithm>

namespace sulcus
{

std::string
SurfaceDiceColumn(double toleranceInMm)
{
  return fmt::format("surface_dice_{:g}mm", toleranceInMm);
}

Table
ScoreTable(const std::vector<CaseScores> & cases, std::span<const double> tolerancesInMm)
{
  std::vector<std::string> columns{"case",
                                   "subject",
                                   "structure",
                                   "presence",
                                   "dice",
                                   "iou",
                                   "sensitivity",
                                   "precision",
                                   "hd_mm",
                                   "hd95_mm",
                                   "msd_mm",
                                   "msd_reference_to_prediction_mm",
                                   "msd_prediction_to_reference_mm"};
  for (const double tolerance : tolerancesInMm)
  {
    columns.push_back(SurfaceDiceColumn(tolerance));
  }
  for (const char * column : {"volume_reference_ml",
                              "volume_prediction_ml",
                              "volume_difference_ml",
                              "volume_difference_percent",
                              "reference_voxels",
                              "prediction_voxels",
                              "common_voxels"})
  {
    columns.emplace_back(column);
  }
  Table table(columns);
  const auto whole = [](std::uint64_t count) { return Cell(static_cast<std::int64_t>(count)); };
  for (const auto & one : cases)
  {
    for (const auto & s : one.structures)
    {
      if (s.surfaceDice.size() != tolerancesInMm.size())
      {
        throw UsageError(Message("case ",
                                 one.id,
                                 ": ",
                                 s.surfaceDice.size(),
                                 " surface Dice values for ",
                                 tolerancesInMm.size(),
                                 " tolerances"));
      }
      Table::Row row{one.id,
                     one.subject.empty() ? one.id : one.subject,
                     s.name,
                     std::string(NameOf(s.presence)),
                     s.dice,
                     s.iou,
                     s.sensitivity,
                     s.precision,
                     s.hausdorffInMm,
                     s.hausdorff95InMm,
                     s.meanDistanceInMm,
                     s.referenceToPredictionInMm,
                     s.predictionToReferenceInMm};
      row.insert(row.end(), s.surfaceDice.begin(), s.surfaceDice.end());
      for (const double value : {s.referenceVolumeInMl,
                                 s.predictionVolumeInMl,
                                 s.volumeDifferenceInMl,
                                 s.volumeDifferenceInPercent})
      {
        row.emplace_back(value);
      }
      row.push_back(whole(s.referenceVoxels));
      row.push_back(whole(s.predictionVoxels));
      row.push_back(whole(s.commonVoxels));
      table.AddRow(std::move(row));
    }
  }
  return table;
}

std::vector<std::string>
ScoreMetrics(const Table & scores)
{
  static const std::vector<std::string> others{"case",
                                               "subject",
                                               "structure",
                                               "presence",
                                               "volume_reference_ml",
                                               "volume_prediction_ml",
                                               "reference_voxels",
                                               "prediction_voxels",
                                               "common_voxels"};
  std::vector<std::string> metrics;
  std::copy_if(scores.Columns().begin(),
               scores.Columns().end(),
               std::back_inserter(metrics),
               [](const std::string & name)
               { return std::find(others.begin(), others.end(), name) == others.end(); });
  return metrics;
}

bool
HigherIsBetter(const std::string & metric)
{
  return !metric.ends_with("_mm") && !metric.starts_with("volume_difference");
}

} // namespace sulcus
