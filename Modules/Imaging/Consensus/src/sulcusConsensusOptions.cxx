#include "sulcusConsensusOptions.h"

#include <sulcusError.h>

#include <cmath>

namespace sulcus
{

void
Describe(Parameters & visit, ConsensusOptions & o)
{
  visit.Group("Graph-cut consensus");
  visit("lambda", o.lambda, "Weight of the pair terms; 0 is a weighted vote.").Range(0, 1e6);
  visit(
      "distance_factor",
      o.distanceFactor,
      "Where there is no image, lambda counts this much: smoothing that sees no borders eats what "
      "is small or thin.")
      .Range(0, 1);
  visit("neighbours", o.neighbours, "6, 18 or 26; 6 suits thick slices.").Range(6, 26);
  visit("epsilon", o.epsilon, "Smoothing of vote shares, relative to the mean weight.")
      .Range(1e-9, 1)
      .Advanced();
  visit("softness", o.softness, "Share of every observed vote that is spread over all labels.")
      .Range(0, 1)
      .Advanced();
  visit("imputed_weight", o.imputedWeight, "Weight of imputed votes relative to observed ones.")
      .Range(0, 1);
  visit("minimum_weight", o.minimumWeight, "No annotator weighs less.").Range(1e-6, 1).Advanced();
  visit("consistency_power",
        o.consistencyPower,
        "Exponent of the self-consistency score in the weights; 0 reports it only.")
      .Range(0, 10)
      .Advanced();
  visit("local_power",
        o.localPower,
        "Exponent of the local consistency, relative to its mean over the label; 0 leaves it out.")
      .Range(0, 10)
      .Advanced();
  visit("agreement_power",
        o.agreementPower,
        "Exponent of the agreement with the other annotators; 0 trusts an annotator who is wrong "
        "in a consistent way.")
      .Range(0, 10);
  visit("evidence",
        o.evidence,
        "Votes of this total weight count half (relative to the mean weight); 0 switches the "
        "scaling off.")
      .Range(0, 100)
      .Advanced();
  visit("clamp_unanimous",
        o.clampUnanimous,
        "Keep the label where at least two annotators agree and none differs.");
  visit("complete", o.complete, "Impute missing annotations (needs an image).");
  visit(
      "use_peer_labels", o.usePeerLabels, "Let the completion see what the other annotators drew.")
      .Advanced();
  visit("contrast_of_all_features",
        o.contrastOfAllFeatures,
        "Pair terms see texture and curvature beside intensity, weighted by forest importances.")
      .Advanced();
  visit("stability",
        o.stability,
        "Flag voxels whose label changes when lambda is halved or doubled.");
  visit("folds", o.folds, "Folds of the self-consistency.").Range(2, 100).Advanced();
  visit("block", o.blockInMm, "Edge of the spatial blocks that folds are made of, in mm.")
      .Range(0.1, 1000)
      .Advanced();
  visit("max_samples", o.maxSamples, "Training voxels of one annotator.").Range(10).Advanced();
  visit("max_sweeps", o.maxSweeps, "Upper bound on expansion sweeps.").Range(1).Advanced();
  visit(
      "bound_rounds", o.boundRounds, "Rounds of ascent on the lower bound (more than two labels).")
      .Range(0)
      .Advanced();
  visit.Group("Forest");
  Describe(visit, o.forest);
}

void
CheckConsensusOptions(const ConsensusOptions & o)
{
  if (o.neighbours != 6 && o.neighbours != 18 && o.neighbours != 26)
  {
    throw UsageError(Message("neighbours: got ", o.neighbours, ", expected 6, 18 or 26"));
  }
  for (const double value : {o.lambda,
                             o.distanceFactor,
                             o.epsilon,
                             o.softness,
                             o.imputedWeight,
                             o.minimumWeight,
                             o.evidence,
                             o.blockInMm})
  {
    if (!std::isfinite(value) || value < 0.0)
    {
      throw UsageError(
          Message("consensus: a setting is ", value, "; all must be finite and at least 0"));
    }
  }
  if (o.epsilon <= 0.0 || o.minimumWeight <= 0.0 || o.folds < 2 || o.maxSamples < 10)
  {
    throw UsageError("consensus: epsilon and minimum_weight must be above 0, folds at least 2, "
                     "max_samples at least 10");
  }
}

} // namespace sulcus
