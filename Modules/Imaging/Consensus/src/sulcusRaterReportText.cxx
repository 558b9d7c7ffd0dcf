#include "sulcusRaterReport.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace sulcus
{
namespace
{

/** null for undefined, texts for infinities. */
nlohmann::ordered_json
Number(double value)
{
  if (std::isnan(value))
  {
    return nullptr;
  }
  return std::isinf(value) ? nlohmann::ordered_json(value > 0 ? "inf" : "-inf")
                           : nlohmann::ordered_json(value);
}

nlohmann::ordered_json
ScoresJson(const ReferenceScores & scores, const std::vector<std::string> & labels)
{
  nlohmann::ordered_json json;
  json["mean_dice"] = Number(scores.MeanDice());
  json["kappa"] = Number(scores.kappa);
  for (std::size_t l = 1; l < scores.labels.size(); ++l)
  {
    const auto & score = scores.labels[l];
    auto & entry = json["labels"][labels[l]];
    entry["sensitivity"] = Number(score.sensitivity);
    entry["specificity"] = Number(score.specificity);
    entry["precision"] = Number(score.precision);
    entry["dice"] = Number(score.dice);
    if (score.BothEmpty())
    {
      entry["note"] = "both empty";
    }
    entry["jaccard"] = Number(score.jaccard);
    entry["volume_difference_ml"] = Number(score.volumeDifferenceInMl);
    entry["hd95_mm"] = Number(score.hd95InMm);
    entry["mean_surface_distance_mm"] = Number(score.meanSurfaceDistanceInMm);
  }
  json["confusion"] = scores.confusion;
  return json;
}

Cell
ToCell(double value)
{
  return std::isnan(value) ? Cell{} : Cell{value};
}

} // namespace

nlohmann::ordered_json
RaterReport::ToJson() const
{
  nlohmann::ordered_json json;
  json["labels"] = labels;
  json["energy"] = energy;
  json["lower_bound"] = Number(lowerBound);
  json["cut_value"] = cutValue;
  json["sweeps"] = sweeps;
  json["band_voxels"] = bandVoxels;
  json["band_fraction"] = bandFraction;
  json["fleiss_kappa"] = Number(fleissKappa);
  json["contested_fraction"] = contestedFraction;
  json["mean_confidence"] = meanConfidence;
  json["notes"] = notes;
  json["annotators"] = nlohmann::ordered_json::array();
  for (std::size_t r = 0; r < raters.size(); ++r)
  {
    const auto & trust = reliability[r];
    nlohmann::ordered_json entry;
    entry["name"] = raters[r];
    entry["rank"] = rank[r];
    entry["observed_fraction"] = trust.observedFraction;
    entry["self_consistency"] = trust.selfConsistency ? Number(*trust.selfConsistency) : nullptr;
    for (std::size_t l = 0; l < labels.size(); ++l)
    {
      entry["held_out_accuracy"][labels[l]] = Number(trust.labelAccuracy[l]);
    }
    entry["agreement"] = trust.agreement;
    entry["mean_weight"] = trust.meanWeight;
    entry["share_of_votes"] = trust.shareOfVotes;
    if (trust.imputedVoxels > 0)
    {
      entry["completion"] = {
          {"imputed_voxels", trust.imputedVoxels},
          {"out_of_bag_accuracy", trust.completionAccuracy},
          {"out_of_bag_accuracy_without_unlabelled", trust.completionAccuracyWithout},
          {"uses_unlabelled", trust.completionUsesUnlabelled}};
    }
    entry["against_consensus"] = ScoresJson(againstConsensus[r], labels);
    entry["against_others"] = ScoresJson(againstOthers[r], labels);
    for (std::size_t other = 0; other < raters.size(); ++other)
    {
      entry["dice_with"][raters[other]] = Number(pairwiseDice[r * raters.size() + other]);
      entry["kappa_with"][raters[other]] = Number(pairwiseKappa[r * raters.size() + other]);
    }
    json["annotators"].push_back(entry);
  }
  return json;
}

Table
RaterReport::ToTable(const std::string & caseId) const
{
  Table table({"case",
               "annotator",
               "label",
               "rank",
               "self_consistency",
               "agreement",
               "mean_weight",
               "share_of_votes",
               "observed_fraction",
               "dice_consensus",
               "dice_others",
               "sensitivity_others",
               "specificity_others",
               "precision_others",
               "volume_difference_others_ml",
               "hd95_others_mm",
               "mean_surface_distance_others_mm",
               "kappa_others"});
  for (std::size_t r = 0; r < raters.size(); ++r)
  {
    for (std::size_t l = 1; l < labels.size(); ++l)
    {
      const auto & others = againstOthers[r].labels[l];
      table.AddRow({caseId,
                    raters[r],
                    labels[l],
                    std::int64_t(rank[r]),
                    reliability[r].selfConsistency ? Cell{*reliability[r].selfConsistency} : Cell{},
                    reliability[r].agreement,
                    reliability[r].meanWeight,
                    reliability[r].shareOfVotes,
                    reliability[r].observedFraction,
                    ToCell(againstConsensus[r].labels[l].dice),
                    ToCell(others.dice),
                    ToCell(others.sensitivity),
                    ToCell(others.specificity),
                    ToCell(others.precision),
                    ToCell(others.volumeDifferenceInMl),
                    ToCell(others.hd95InMm),
                    ToCell(others.meanSurfaceDistanceInMm),
                    ToCell(againstOthers[r].kappa)});
    }
  }
  return table;
}

} // namespace sulcus
