#pragma once

#include <sulcusIntensityAugmentation.h>
#include <sulcusMovingAverage.h>
#include <sulcusObjective.h>
#include <sulcusPrecision.h>
#include <sulcusRandomEngine.h>
#include <sulcusSegmentationLoss.h>
#include <sulcusSegmentationNetwork.h>

#include <array>
#include <cstdint>
#include <optional>

namespace sulcus
{

/** What the unsupervised term compares. */
enum class StrongTerm
{
  CrossEntropy, ///< mean over all voxels, ignored ones counting 0 (Sohn et al. 2020)
  Dice, ///< over the kept voxels and all classes, background included (released UniMatch); a class
        ///< that has almost vanished from the prediction is driven to 0 by each patch without it
  DiceOfPresent ///< the same over the classes among the kept pseudo-labels
};

struct WeakToStrongOptions
{
  double threshold = 0.95; ///< pseudo-labels below this confidence are ignored
  double classShare = 0.0; ///< this share of each predicted class counts as confident all the same
  double teacherDecay = 0.0; ///< above 0: a moving average of the network makes the pseudo-labels
  double weight = 1.0;       ///< of all unsupervised terms together, against the supervised one
  double rampFraction = 0.0; ///< published: no ramp
  bool twoViews =
      true; ///< UniMatch: two strong views and a feature perturbation; else FixMatch: one view
  StrongTerm term = StrongTerm::Dice;
  double cutMixProbability = 0.5;
  double smallestCutMix = 0.02; ///< part of the patch's volume
  double largestCutMix = 0.4;
  double channelDropout = 0.5; ///< of every encoder feature, for the feature perturbation
  IntensityRange strong;       ///< on top of the weak view
  DiceCrossEntropyOptions loss;

  WeakToStrongOptions();
};

/** Pseudo-labels [N, z, y, x] and their confidence, from detached logits. */
struct PseudoLabel
{
  torch::Tensor label;      ///< int64
  torch::Tensor confidence; ///< float, largest probability
};
PseudoLabel
MakePseudoLabel(const torch::Tensor & logits);

/** The least confidence that counts, [classes]: `threshold`, or less for a class of which fewer
 * than `share` of the voxels would count (class-balanced self-training, Zou et al. 2018). Without
 * it what is hard to tell, such as a small structure, has no say against what is easy. O(V log V).
 */
torch::Tensor
ClassThresholds(const PseudoLabel & pseudo, std::int64_t classes, double threshold, double share);

/** A box of the second batch replaces that of the first in image, label and confidence alike; all
 * else stays bitwise. \param box begin z, y, x then end z, y, x, half-open */
void
PasteBox(torch::Tensor & image,
         PseudoLabel & pseudo,
         const torch::Tensor & otherImage,
         const PseudoLabel & other,
         const std::array<std::int64_t, 6> & box);

/** Loss of a strong view against pseudo-labels: voxels below the threshold of their class are
 * ignored. 0 with zero gradient if nothing is kept. \param thresholds [classes] */
torch::Tensor
StrongViewLoss(const torch::Tensor & logits,
               const PseudoLabel & pseudo,
               const torch::Tensor & thresholds,
               StrongTerm term);

/** FixMatch (Sohn et al. 2020) and UniMatch (Yang et al. 2023) for volumes: the prediction on a
 * weak view, where confident, is the label of strong views of the same patch. L = L_sup + weight ·
 * L_u, with FixMatch L_u = L(strong); UniMatch L_u = ¼ L(strong 1) + ¼ L(strong 2) + ½ L(perturbed
 * features). Streams: "labelled", "unlabelled" (weak views) and "partner" (weak views that boxes
 * are cut from). With a teacher, the moving average of the network labels the weak views, as in
 * mean teacher, and is the model. */
class WeakToStrongObjective final : public Objective
{
public:
  /** \param teacher empty unless `options.teacherDecay` is above 0 */
  WeakToStrongObjective(SegmentationNetwork network,
                        SegmentationNetwork teacher,
                        const WeakToStrongOptions & options,
                        std::uint64_t seed,
                        Precision precision);

  LossTerms
  Evaluate(const Batch & batch) override;
  void
  AfterStep(std::int64_t step) override;
  void
  SetSchedule(std::int64_t totalSteps) override;
  void
  SaveExtra(std::map<std::string, torch::Tensor> & state) const override;
  void
  LoadExtra(const std::map<std::string, torch::Tensor> & state) override;

private:
  struct View
  {
    torch::Tensor image;
    PseudoLabel pseudo;
  };
  View
  StrongView(const Stream & unlabelled,
             const PseudoLabel & pseudo,
             const Stream & partner,
             const PseudoLabel & other,
             RandomEngine random) const;
  torch::Tensor
  PerturbedLogits(const torch::Tensor & image);

  SegmentationNetwork m_Network;
  SegmentationNetwork m_Labeller; ///< the teacher, or the network itself; not a submodule
  std::optional<MovingAverage> m_Average;
  WeakToStrongOptions m_Options;
  RandomEngine m_Random;
  Precision m_Precision;
  std::int64_t m_TotalSteps = 1;
};

} // namespace sulcus
