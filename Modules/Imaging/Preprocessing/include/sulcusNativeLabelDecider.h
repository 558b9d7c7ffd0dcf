#pragma once

#include "sulcusUndo.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace sulcus
{

/** What NativeLabelDecider shall deliver besides labels. */
struct DecisionOptions
{
  std::vector<std::uint16_t> labelValues = {}; ///< for class 0, 1, …; empty: the class index itself
  bool confidence = false;                     ///< probability of the winner
  bool entropy = false;                        ///< −Σ p ln p / ln K, in [0, 1]
  bool probabilities = false; ///< every class on the native grid: K volumes of memory
};

/** Consecutive z-planes of all classes on the prepared grid, borrowed for one call. Value of class
 * k, plane z, row y, column x: data[k·classStride + z·planeStride + y·width + x]. */
struct ProbabilitySlab
{
  const float * data = nullptr;
  std::int64_t planes = 0;
  std::int64_t classStride =
      0; ///< 0: planes · planeStride, i.e. a contiguous [K, planes, y, x] block
  std::int64_t planeStride = 0; ///< 0: height · width
};

/** Everything lies on the native grid; images not asked for are null or absent. */
struct NativeDecision
{
  LabelImage::Pointer label;
  FloatImage::Pointer confidence;
  FloatImage::Pointer entropy;
  std::vector<FloatImage::Pointer> probabilities; ///< one a class
};

/** Brings class probabilities from the prepared to the native grid and decides labels there, slab
 * by slab.
 *
 * Probabilities are interpolated linearly, then the largest wins; ties go to the lowest class.
 * Native voxels that the foreground crop had removed are background (class 0) with certainty.
 * Handles every Undo: permuted, reversed, cropped, padded and resampled axes.
 *
 * Memory: the results, plus one plane of probabilities (K · y · x floats) kept between slabs. Time:
 * O(K · native voxels), over GetThreadCount() threads; the result does not depend on their number
 * nor on how z was cut into slabs.
 *
 * \code
 * NativeLabelDecider decider(prepared.undo, classCount, { .confidence = true });
 * for (each slab in ascending z)
 *   decider.Accept({ .data = slab.data(), .planes = dz });
 * NativeDecision decision = decider.Finish();
 * \endcode */
class NativeLabelDecider
{
public:
  /** \throws UsageError unless there is at least one class and a label value for each, or none. */
  NativeLabelDecider(const Undo & undo, int classes, DecisionOptions options = {});
  ~NativeLabelDecider();
  NativeLabelDecider(const NativeLabelDecider &) = delete;
  NativeLabelDecider &
  operator=(const NativeLabelDecider &) = delete;

  /** Planes of the prepared grid accepted so far; the next slab starts here. */
  std::int64_t
  NextPlane() const;

  /** Slabs come in ascending z without gap or overlap.
   * \throws UsageError for planes beyond the grid, RuntimeError for a probability that is not
   * finite. */
  void
  Accept(const ProbabilitySlab & slab);

  /** Hands over the results; call once, after the last plane. \throws UsageError if planes are
   * missing. */
  NativeDecision
  Finish();

private:
  struct State;
  std::unique_ptr<State> m_State;
};

} // namespace sulcus
