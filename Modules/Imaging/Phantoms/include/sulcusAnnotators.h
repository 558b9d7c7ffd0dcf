#pragma once

#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Value in an annotator's file for a voxel that was not annotated: unknown, not background. */
inline constexpr std::uint16_t NotAnnotated = 255;

/** The habits of one simulated annotator. All off: the truth itself. */
struct AnnotatorProfile
{
  std::string name;
  double biasInMm = 0.0;         ///< every border moves outwards (+) or inwards (−)
  double wobbleInMm = 0.0;       ///< smooth random movement of borders, standard deviation
  double blunderRate = 0.0;      ///< chance a case of a false blob, and of a forgotten component
  double missingSliceRate = 0.0; ///< share of slices (along the third axis) left unannotated
  double labelSwapRate = 0.0;    ///< chance a case that two labels are exchanged
  bool adversarial = false;      ///< displaced by several mm and with shifted label numbers
};

/** Profile 0, 1, 2, …: careful, generous, cautious, careless, adversarial; later ones are drawn. */
AnnotatorProfile
MakeAnnotator(int number, const RandomEngine & random);

/** What an annotator with these habits draws for a case with a known truth, as a label map in which
 * `NotAnnotated` marks unannotated slices. Works for any truth with labels below 255 on any grid;
 * one distance map a label. \throws UsageError if the truth holds 255. */
LabelImage::Pointer
Annotate(const LabelImage * truth, const AnnotatorProfile & profile, RandomEngine random);

/** Signed distance in mm to the border of each label (negative inside), shared by annotators of one
 * case. Labels in ascending order, background left out. */
struct LabelDistances
{
  std::vector<std::uint16_t> labels;
  std::vector<FloatImage::Pointer> distances;
};
LabelDistances
DistancesOf(const LabelImage * truth);

/** As above with the distances at hand. */
LabelImage::Pointer
Annotate(const LabelImage * truth,
         const LabelDistances & distances,
         const AnnotatorProfile & profile,
         RandomEngine random);

} // namespace sulcus
