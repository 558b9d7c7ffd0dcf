#pragma once

#include "sulcusPredictor.h"

#include <cstdint>
#include <vector>

namespace sulcus
{

struct SlidingWindowOptions
{
  std::array<std::int64_t, 3> window{64, 64, 64}; ///< z, y, x
  double overlap = 0.5; ///< fraction of a window that the next one repeats, in [0, 1)
  double gaussianWidth =
      0.125; ///< standard deviation of the blending weight as a fraction of the window; 0: flat
  int batchSize = 1;            ///< windows a call of the predictor
  std::int64_t slabPlanes = 16; ///< most planes handed over at once
  bool replicatePadding =
      true; ///< an image smaller than the window repeats its edge; otherwise zeros
};

/** First voxels of the windows along one axis: the fewest that keep the overlap, evenly spread, the
 * first at 0 and the last ending at the size. One window if the size is at most the window. */
std::vector<std::int64_t>
WindowStarts(std::int64_t size, std::int64_t window, double overlap);

/** Blending weights of each window of one axis, [starts][window], divided by their sum at every
 * voxel: over the windows they add up to 1. */
std::vector<std::vector<float>>
BlendingWeights(std::int64_t size,
                std::int64_t window,
                const std::vector<std::int64_t> & starts,
                double gaussianWidth);

/** Finished planes firstPlane … of all classes, [K, planes, y, x] float, a view that lives until
 * the call returns. Its last two axes are contiguous. */
using SlabConsumer =
    std::function<void(std::int64_t firstPlane, const torch::Tensor & probabilities)>;

/** Predicts an image window by window and hands over blended probabilities in slabs of ascending z.
 *
 * \param image [C, z, y, x] float. \param progress called with the fraction done; may be empty.
 * Weights are separable and normalised beforehand (Gaussian blending: Isensee et al. 2021), so a
 * plane is finished as soon as no later window touches it and needs no division. Memory: K ·
 * window[0] · y · x floats and the predictor's own; never classes × volume. An image smaller than
 * the window is padded evenly on both sides. The result does not depend on batch size or slab size
 * beyond the predictor's own rounding. \throws UsageError for impossible options; RuntimeError if
 * the predictor's shape is wrong or a value is not finite; InterruptedError between batches. */
void
PredictSlabs(const torch::Tensor & image,
             const Predictor & predictor,
             const SlidingWindowOptions & options,
             const SlabConsumer & consume,
             const std::function<void(double)> & progress = {});

/** The same as one tensor [K, z, y, x]: for volumes known to be small, and for pseudo-labels. */
torch::Tensor
PredictVolume(const torch::Tensor & image,
              const Predictor & predictor,
              const SlidingWindowOptions & options);

} // namespace sulcus
