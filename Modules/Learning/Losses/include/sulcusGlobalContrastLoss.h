#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace sulcus
{

/** Which pairs of a batch attract and which repel (Chaitanya et al., NeurIPS 2020, section 3.1). */
enum class GlobalStrategy
{
  Random,          ///< G_R: views of one image attract, every other image repels (SimCLR)
  DomainNegatives, ///< G_D-: only images of other partitions repel
  Domain           ///< G_D: as G_D-, and images of one partition in different volumes attract
};

/** \throws UsageError naming "random", "domain_negatives" and "domain". */
GlobalStrategy
GlobalStrategyFromName(const std::string & name);

struct GlobalContrastOptions
{
  GlobalStrategy strategy = GlobalStrategy::Domain;
  double temperature = 0.1;
  /** Cross-volume positives: only equal views (as released), or every view with every view (as the
   * text allows). */
  bool allViewPairs = false;
  /** Soft rule on normalised positions: two images repel from this distance on … */
  double negativeDistance = 0.25;
  /** … and attract across volumes up to this one; in between they ignore each other. */
  double positiveDistance = 0.0625;
};

/** Where each of the N embeddings of a batch comes from; all int64 [N] but `position`. */
struct ContrastSamples
{
  torch::Tensor image;     ///< equal for views of one image
  torch::Tensor volume;    ///< equal for images of one volume
  torch::Tensor view;      ///< 0 … V-1
  torch::Tensor partition; ///< hard partitions; ignored where positions are given
  torch::Tensor position;  ///< double [N] in [0, 1], or undefined
};

/** positives[a, b] and negatives[a, n], bool [N, N], diagonals false. */
struct ContrastPairs
{
  torch::Tensor positives;
  torch::Tensor negatives;
};

ContrastPairs
SelectPairs(const ContrastSamples & samples, const GlobalContrastOptions & options);

struct GlobalContrastResult
{
  torch::Tensor loss;            ///< scalar, nats
  std::int64_t orderedPairs = 0; ///< that contributed
  std::int64_t skippedAnchors =
      0; ///< with a positive but nothing to repel: they contribute 0 and no gradient
};

/** L_g = 1/|Λ⁺| Σ over unordered positive pairs of l(a, b) + l(b, a), where
 *   l(a, b) = -log( exp(s_ab) / (exp(s_ab) + Σ_{n in Λ⁻(a)} exp(s_an)) ),  s = cosine similarity /
 * temperature. The one positive of the pair is in the denominator, other positives of the anchor
 * are not. Computed in float32 or better with log-sum-exp; rows of zeros count as zero vectors.
 * O(N² d) time, O(N²) memory. \param embeddings [N, d] \throws UsageError if the temperature is not
 * positive or the sizes differ. */
GlobalContrastResult
GlobalContrastLoss(const torch::Tensor & embeddings,
                   const ContrastSamples & samples,
                   const GlobalContrastOptions & options);

} // namespace sulcus
