#include "sulcusStructureScores.h"

#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusParameters.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

constexpr double Infinite = std::numeric_limits<double>::infinity();
constexpr double NotANumber = std::numeric_limits<double>::quiet_NaN();

void
RequireUsable(const std::vector<Structure> & structures, const EvaluationOptions & options)
{
  SurfaceDefinitionFromName(options.surface);
  const auto requireOneOf =
      [](const char * option, const std::string & value, std::vector<std::string> known)
  {
    if (std::find(known.begin(), known.end(), value) == known.end())
    {
      throw UsageError(Message("unknown ", option, " '", value, "'; ", SuggestName(value, known)));
    }
  };
  requireOneOf("missed_distance", options.missedDistance, {"diagonal", "infinity"});
  requireOneOf("both_empty", options.bothEmpty, {"not_applicable", "perfect"});
  for (const double tolerance : options.tolerancesInMm)
  {
    if (!(tolerance >= 0.0) || !std::isfinite(tolerance))
    {
      throw UsageError(Message("tolerance ", tolerance, " mm: expected a finite number from 0"));
    }
  }
  for (const auto & structure : structures)
  {
    if (structure.values.empty())
    {
      throw UsageError(Message("structure '", structure.name, "' has no label values"));
    }
  }
}

void
CountVoxels(StructureScores & scores,
            const Confusion & confusion,
            const std::vector<std::uint16_t> & values)
{
  const auto holds = [&](std::uint16_t label)
  { return std::find(values.begin(), values.end(), label) != values.end(); };
  for (const auto & [pair, count] : confusion.Pairs())
  {
    const bool inReference = holds(pair.first);
    const bool inPrediction = holds(pair.second);
    scores.referenceVoxels += inReference ? count : 0;
    scores.predictionVoxels += inPrediction ? count : 0;
    scores.commonVoxels += inReference && inPrediction ? count : 0;
  }
}

Presence
PresenceOf(const StructureScores & scores)
{
  if (scores.referenceVoxels > 0)
  {
    return scores.predictionVoxels > 0 ? Presence::Both : Presence::Missed;
  }
  return scores.predictionVoxels > 0 ? Presence::Spurious : Presence::Absent;
}

void
ScoreVolumes(StructureScores & scores, double voxelInMl)
{
  scores.referenceVolumeInMl = static_cast<double>(scores.referenceVoxels) * voxelInMl;
  scores.predictionVolumeInMl = static_cast<double>(scores.predictionVoxels) * voxelInMl;
  scores.volumeDifferenceInMl = scores.predictionVolumeInMl - scores.referenceVolumeInMl;
  scores.volumeDifferenceInPercent =
      scores.referenceVoxels > 0 ? 100.0 * scores.volumeDifferenceInMl / scores.referenceVolumeInMl
                                 : NotANumber;
}

void
ScoreOverlap(StructureScores & scores)
{
  const auto reference = static_cast<double>(scores.referenceVoxels);
  const auto prediction = static_cast<double>(scores.predictionVoxels);
  const auto common = static_cast<double>(scores.commonVoxels);
  scores.dice = 2.0 * common / (reference + prediction);
  scores.iou = common / (reference + prediction - common);
  // With one side empty both stay 0: an undefined ratio must not hide a missed or invented
  // structure.
  scores.sensitivity = reference > 0.0 ? common / reference : 0.0;
  scores.precision = prediction > 0.0 ? common / prediction : 0.0;
}

void
SetDistances(StructureScores & scores,
             double distanceInMm,
             double surfaceDice,
             std::size_t tolerances)
{
  scores.hausdorffInMm = scores.hausdorff95InMm = scores.meanDistanceInMm = distanceInMm;
  scores.referenceToPredictionInMm = scores.predictionToReferenceInMm = distanceInMm;
  scores.surfaceDice.assign(tolerances, surfaceDice);
}

void
SetAbsent(StructureScores & scores, const EvaluationOptions & options)
{
  const bool perfect = options.bothEmpty == "perfect";
  const double share = perfect ? 1.0 : NotANumber;
  scores.dice = scores.iou = scores.sensitivity = scores.precision = share;
  scores.volumeDifferenceInPercent = perfect ? 0.0 : NotANumber;
  SetDistances(scores, perfect ? 0.0 : NotANumber, share, options.tolerancesInMm.size());
}

void
ScoreDistances(StructureScores & scores, const MaskPair & masks, const EvaluationOptions & options)
{
  const auto distances = ComputeSurfaceDistances(masks, SurfaceDefinitionFromName(options.surface));
  scores.hausdorffInMm = HausdorffDistance(distances);
  scores.hausdorff95InMm = HausdorffDistance(distances, 95.0);
  scores.referenceToPredictionInMm = MeanDistance(distances.referenceToPrediction);
  scores.predictionToReferenceInMm = MeanDistance(distances.predictionToReference);
  scores.meanDistanceInMm = MeanSurfaceDistance(distances);
  for (const double tolerance : options.tolerancesInMm)
  {
    scores.surfaceDice.push_back(SurfaceDice(distances, tolerance));
  }
}

} // namespace

void
Describe(Parameters & visit, EvaluationOptions & options)
{
  visit("surface",
        options.surface,
        "What a surface is: 'surfels' (marching-cubes elements weighted by area), 'border_voxels' "
        "(voxels with a "
        "face neighbour outside) or 'contours' (images of one slice).")
      .Choices({"surfels", "border_voxels", "contours"});
  visit("tolerances", options.tolerancesInMm, "Tolerances of the surface Dice, in mm.").Range(0.0);
  visit("missed_distance",
        options.missedDistance,
        "Distance given to a structure that only one side has: the diagonal of the field of view, "
        "or infinity.")
      .Choices({"diagonal", "infinity"});
  visit("both_empty",
        options.bothEmpty,
        "Scores of a structure that neither side has: not applicable (left out of means and "
        "counted), or perfect.")
      .Choices({"not_applicable", "perfect"});
}

std::string_view
NameOf(Presence presence)
{
  switch (presence)
  {
  case Presence::Both:
    return "both";
  case Presence::Missed:
    return "missed";
  case Presence::Spurious:
    return "spurious";
  default:
    return "absent";
  }
}

double
FieldOfViewDiagonal(const LabelImage * image)
{
  const auto size = image->GetLargestPossibleRegion().GetSize();
  double squares = 0.0;
  for (unsigned int a = 0; a < 3; ++a)
  {
    const double extent = image->GetSpacing()[a] * static_cast<double>(size[a]);
    squares += extent * extent;
  }
  return std::sqrt(squares);
}

std::vector<StructureScores>
ScoreStructures(const LabelImage * reference,
                const LabelImage * prediction,
                const std::vector<Structure> & structures,
                const EvaluationOptions & options)
{
  return ScoreStructures(
      reference, prediction, Confusion::Count(reference, prediction), structures, options);
}

std::vector<StructureScores>
ScoreStructures(const LabelImage * reference,
                const LabelImage * prediction,
                const Confusion & confusion,
                const std::vector<Structure> & structures,
                const EvaluationOptions & options)
{
  RequireSameGrid(reference, prediction, "reference", "prediction");
  RequireUsable(structures, options);
  const auto & spacing = reference->GetSpacing();
  const double voxelInMl = 1e-3 * spacing[0] * spacing[1] * spacing[2];
  const double worst =
      options.missedDistance == "diagonal" ? FieldOfViewDiagonal(reference) : Infinite;
  std::vector<StructureScores> all(structures.size());
  const auto scoreOne = [&](std::size_t s)
  {
    auto & scores = all[s];
    scores.name = structures[s].name;
    CountVoxels(scores, confusion, structures[s].values);
    scores.presence = PresenceOf(scores);
    ScoreVolumes(scores, voxelInMl);
    if (scores.presence == Presence::Absent)
    {
      SetAbsent(scores, options);
      return;
    }
    ScoreOverlap(scores);
    if (scores.presence == Presence::Both)
    {
      const auto box = confusion.BoxOf(structures[s].values);
      ScoreDistances(scores, CropMasks(reference, prediction, structures[s].values, box), options);
      return;
    }
    SetDistances(scores, worst, 0.0, options.tolerancesInMm.size());
  };
  // Many structures: one a thread. Few: the threads share the voxels of each.
  if (structures.size() >= 2 * static_cast<std::size_t>(GetThreadCount()))
  {
    ParallelForEach(structures.size(), scoreOne);
  }
  else
  {
    for (std::size_t s = 0; s < structures.size(); ++s)
    {
      scoreOne(s);
    }
  }
  return all;
}

} // namespace sulcus
