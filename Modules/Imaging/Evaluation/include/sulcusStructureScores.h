#pragma once

#include "sulcusConfusion.h"
#include "sulcusSurfaceDistance.h"
#include <sulcusImages.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sulcus
{

class Parameters;

/** What is scored: one label or several taken together (a region). */
struct Structure
{
  std::string name;
  std::vector<std::uint16_t> values;
};

struct EvaluationOptions
{
  std::string surface = "surfels";
  std::vector<double> tolerancesInMm{1.0, 2.0};
  /** Distance of a structure that one side lacks: "diagonal" of the field of view or "infinity". */
  std::string missedDistance = "diagonal";
  /** Scores of a structure that both sides lack: "not_applicable" or "perfect". */
  std::string bothEmpty = "not_applicable";
};

void
Describe(Parameters & visit, EvaluationOptions & options);

/** Which side holds the structure at all. */
enum class Presence
{
  Both,
  Missed,   ///< in the reference only
  Spurious, ///< in the prediction only
  Absent    ///< in neither
};

std::string_view
NameOf(Presence presence);

/** Everything that is measured for one structure of one case. Documentation/Methods/Evaluation.md
 * gives the definitions; no value is ever dropped:
 *
 * |                                | missed        | spurious      | absent          |
 * | ------------------------------ | ------------- | ------------- | --------------- |
 * | Dice, IoU, surface Dice        | 0             | 0             | n/a (or 1)      |
 * | sensitivity                    | 0             | 0             | n/a (or 1)      |
 * | precision                      | 0             | 0             | n/a (or 1)      |
 * | all distances                  | diagonal, inf | diagonal, inf | n/a (or 0)      |
 * | volume difference in ml        | -reference    | prediction    | 0               |
 * | volume difference in %         | -100          | n/a           | n/a (or 0)      |
 *
 * n/a is NaN. */
struct StructureScores
{
  std::string name;
  Presence presence = Presence::Absent;
  std::uint64_t referenceVoxels = 0;
  std::uint64_t predictionVoxels = 0;
  std::uint64_t commonVoxels = 0;
  double referenceVolumeInMl = 0.0;
  double predictionVolumeInMl = 0.0;
  double dice = 0.0;
  double iou = 0.0;
  double sensitivity = 0.0;
  double precision = 0.0;
  double volumeDifferenceInMl = 0.0; ///< prediction − reference
  double volumeDifferenceInPercent = 0.0;
  double hausdorffInMm = 0.0;
  double hausdorff95InMm = 0.0;
  double meanDistanceInMm = 0.0; ///< mean of the two below
  double referenceToPredictionInMm = 0.0;
  double predictionToReferenceInMm = 0.0;
  std::vector<double> surfaceDice; ///< one a tolerance
};

/** Length in mm of the diagonal of the image, from outer voxel border to outer voxel border: no two
 * surface elements are further apart. */
double
FieldOfViewDiagonal(const LabelImage * image);

/** Scores of every structure, in the order given. Structures are worked on by several threads; the
 * result does not depend on their number. \throws GeometryError unless both images are on one grid;
 * UsageError for an empty structure, a tolerance that is negative or not finite, or an unknown
 * option. */
std::vector<StructureScores>
ScoreStructures(const LabelImage * reference,
                const LabelImage * prediction,
                const std::vector<Structure> & structures,
                const EvaluationOptions & options = {});

/** The same from counts made before. */
std::vector<StructureScores>
ScoreStructures(const LabelImage * reference,
                const LabelImage * prediction,
                const Confusion & confusion,
                const std::vector<Structure> & structures,
                const EvaluationOptions & options = {});

} // namespace sulcus
