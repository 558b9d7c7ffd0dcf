#include "sulcusNativeLabelDecider.h"

#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

/** One native index seen on its prepared axis: value = (1 − weight) · [below] + weight · [above].
 */
struct Between
{
  std::size_t below = 0;
  std::size_t above = 0;
  float weight = 0.0F;
};

struct Axis
{
  unsigned int native = 0;      ///< which native axis runs along this prepared axis
  std::size_t size = 0;         ///< voxels of the prepared axis
  std::vector<Between> between; ///< one a native voxel
  std::size_t begin = 0;        ///< native voxels that were not cropped away
  std::size_t end = 0;
  bool identity = false; ///< covered native voxels are consecutive prepared voxels, in order
};

Axis
MakeAxis(const NativeAxis & source, unsigned int native, std::size_t preparedSize)
{
  Axis axis;
  axis.native = native;
  axis.size = preparedSize;
  axis.begin = source.coveredBegin;
  axis.end = source.coveredEnd;
  axis.identity = true;
  const auto last = static_cast<double>(preparedSize) - 1.0;
  for (const double position : source.position)
  {
    const double clamped = std::clamp(position, 0.0, last);
    const double below = std::floor(clamped);
    Between between;
    between.below = static_cast<std::size_t>(below);
    between.weight = static_cast<float>(clamped - below);
    between.above = between.weight > 0.0F ? between.below + 1 : between.below;
    axis.between.push_back(between);
  }
  for (std::size_t i = axis.begin; i < axis.end; ++i)
  {
    const auto & b = axis.between[i];
    axis.identity = axis.identity && b.weight == 0.0F &&
                    b.below == axis.between[axis.begin].below + (i - axis.begin);
  }
  return axis;
}

void
RequireFinite(const ProbabilitySlab & slab,
              int classes,
              std::int64_t planeVoxels,
              std::int64_t firstPlane)
{
  std::vector<std::uint8_t> bad(static_cast<std::size_t>(slab.planes));
  ParallelForEach(static_cast<std::size_t>(slab.planes),
                  [&](std::size_t plane)
                  {
                    for (int k = 0; k < classes; ++k)
                    {
                      const float * values = slab.data + k * slab.classStride +
                                             static_cast<std::int64_t>(plane) * slab.planeStride;
                      float sum = 0.0F; // 0 · x is 0 for every finite x and NaN otherwise
                      for (std::int64_t i = 0; i < planeVoxels; ++i)
                      {
                        sum += 0.0F * values[i];
                      }
                      bad[plane] = bad[plane] || !(sum == 0.0F);
                    }
                  });
  const auto found = std::find(bad.begin(), bad.end(), 1);
  if (found != bad.end())
  {
    throw RuntimeError(Message("plane ",
                               firstPlane + (found - bad.begin()),
                               " of the network's probabilities holds values that are not finite"));
  }
}

} // namespace

struct NativeLabelDecider::State
{
  ImageGrid native;
  ImageGrid prepared;
  DecisionOptions options;
  std::size_t classes = 0;
  std::array<Axis, 3> axis; ///< by prepared axis x, y, z
  std::size_t nextPlane = 0;
  std::vector<std::size_t>
      order;                  ///< covered native indices along axis[2] by the last plane they need
  std::size_t nextNative = 0; ///< into order
  std::vector<float> kept;    ///< the last plane of the previous slab, [K, y, x]
  NativeDecision decision;

  std::size_t
  PlaneVoxels() const
  {
    return axis[0].size * axis[1].size;
  }

  /** Class 0 of a prepared plane that is in the slab or kept, and the distance between its classes.
   */
  std::pair<const float *, std::size_t>
  Plane(std::size_t z, const ProbabilitySlab & slab) const
  {
    if (z < nextPlane)
    {
      return {kept.data(), PlaneVoxels()};
    }
    return {slab.data + static_cast<std::int64_t>(z - nextPlane) * slab.planeStride,
            static_cast<std::size_t>(slab.classStride)};
  }

  void
  Allocate();
  void
  DecideRow(std::size_t nativeZ,
            std::size_t nativeY,
            const ProbabilitySlab & slab,
            std::vector<float> & scratch) const;
  const float *
  BlendRow(std::size_t nativeZ,
           std::size_t nativeY,
           std::size_t k,
           const ProbabilitySlab & slab,
           float * row) const;
  void
  Keep(const ProbabilitySlab & slab);
};

void
NativeLabelDecider::State::Allocate()
{
  const std::uint16_t background = options.labelValues.empty() ? 0 : options.labelValues[0];
  decision.label = NewImage<LabelImage>(native, background);
  if (options.confidence)
  {
    decision.confidence = NewImage<FloatImage>(native, 1.0F);
  }
  if (options.entropy)
  {
    decision.entropy = NewImage<FloatImage>(native, 0.0F);
  }
  for (std::size_t k = 0; options.probabilities && k < classes; ++k)
  {
    decision.probabilities.push_back(NewImage<FloatImage>(native, k == 0 ? 1.0F : 0.0F));
  }
}

/** One class at native rows (y, z), still at the prepared columns. */
const float *
NativeLabelDecider::State::BlendRow(std::size_t nativeZ,
                                    std::size_t nativeY,
                                    std::size_t k,
                                    const ProbabilitySlab & slab,
                                    float * __restrict row) const
{
  const Between & z = axis[2].between[nativeZ];
  const Between & y = axis[1].between[nativeY];
  const auto [low, lowStride] = Plane(z.below, slab);
  const std::size_t width = axis[0].size;
  const float * a = low + k * lowStride + y.below * width;
  if (z.weight == 0.0F && y.weight == 0.0F)
  {
    return a;
  }
  const float * b = low + k * lowStride + y.above * width;
  if (z.weight == 0.0F)
  {
    for (std::size_t x = 0; x < width; ++x)
    {
      row[x] = a[x] + y.weight * (b[x] - a[x]);
    }
    return row;
  }
  const auto [high, highStride] = Plane(z.above, slab);
  const float * c = high + k * highStride + y.below * width;
  const float * d = high + k * highStride + y.above * width;
  for (std::size_t x = 0; x < width; ++x)
  {
    const float near = a[x] + y.weight * (b[x] - a[x]);
    const float far = c[x] + y.weight * (d[x] - c[x]);
    row[x] = near + z.weight * (far - near);
  }
  return row;
}

void
NativeLabelDecider::State::DecideRow(std::size_t nativeZ,
                                     std::size_t nativeY,
                                     const ProbabilitySlab & slab,
                                     std::vector<float> & scratch) const
{
  const Axis & along = axis[0];
  const std::size_t count = along.end - along.begin;
  const std::size_t width = along.size;
  scratch.resize(width + 4 * count);
  float * blended = scratch.data();
  float * __restrict value = blended + width;
  float * __restrict best = value + count;
  float * __restrict sum = best + count;
  float * __restrict logs = sum + count;
  std::vector<std::uint16_t> winner(count, 0);
  std::fill(best, logs + count, 0.0F);

  std::size_t stride[3]; // of the native image, by prepared axis
  const std::size_t nativeStride[3] = {1, native.size[0], native.size[0] * native.size[1]};
  for (unsigned int i = 0; i < 3; ++i)
  {
    stride[i] = nativeStride[axis[i].native];
  }
  const std::size_t start = nativeZ * stride[2] + nativeY * stride[1] + along.begin * stride[0];

  for (std::size_t k = 0; k < classes; ++k)
  {
    const float * row = BlendRow(nativeZ, nativeY, k, slab, blended);
    const float * values = row + along.between[along.begin].below;
    if (!along.identity)
    {
      for (std::size_t x = 0; x < count; ++x)
      {
        const Between & b = along.between[along.begin + x];
        value[x] = row[b.below] + b.weight * (row[b.above] - row[b.below]);
      }
      values = value;
    }
    for (std::size_t x = 0; x < count; ++x)
    {
      const bool wins = k == 0 || values[x] > best[x];
      best[x] = wins ? values[x] : best[x];
      winner[x] = wins ? static_cast<std::uint16_t>(k) : winner[x];
    }
    if (options.entropy)
    {
      for (std::size_t x = 0; x < count; ++x)
      {
        const float p = std::max(values[x], 0.0F);
        sum[x] += p;
        logs[x] += p > 0.0F ? p * std::log(p) : 0.0F;
      }
    }
    if (options.probabilities)
    {
      float * out = decision.probabilities[k]->GetBufferPointer() + start;
      for (std::size_t x = 0; x < count; ++x)
      {
        out[x * stride[0]] = values[x];
      }
    }
  }
  std::uint16_t * labels = decision.label->GetBufferPointer() + start;
  for (std::size_t x = 0; x < count; ++x)
  {
    labels[x * stride[0]] =
        options.labelValues.empty() ? winner[x] : options.labelValues[winner[x]];
  }
  if (options.confidence)
  {
    float * out = decision.confidence->GetBufferPointer() + start;
    for (std::size_t x = 0; x < count; ++x)
    {
      out[x * stride[0]] = best[x];
    }
  }
  if (options.entropy)
  {
    // With s = Σ p (1 up to rounding): −Σ (p/s) ln(p/s) = ln s − (Σ p ln p) / s.
    float * out = decision.entropy->GetBufferPointer() + start;
    const float scale = classes > 1 ? 1.0F / std::log(static_cast<float>(classes)) : 0.0F;
    for (std::size_t x = 0; x < count; ++x)
    {
      const float entropy = sum[x] > 0.0F ? (std::log(sum[x]) - logs[x] / sum[x]) * scale : 1.0F;
      out[x * stride[0]] = std::clamp(entropy, 0.0F, 1.0F);
    }
  }
}

void
NativeLabelDecider::State::Keep(const ProbabilitySlab & slab)
{
  kept.resize(classes * PlaneVoxels());
  for (std::size_t k = 0; k < classes; ++k)
  {
    const float * last = slab.data + static_cast<std::int64_t>(k) * slab.classStride +
                         (slab.planes - 1) * slab.planeStride;
    std::copy(last, last + PlaneVoxels(), kept.data() + k * PlaneVoxels());
  }
}

NativeLabelDecider::NativeLabelDecider(const Undo & undo, int classes, DecisionOptions options)
    : m_State(std::make_unique<State>())
{
  if (classes < 1 || classes > 65535 ||
      (!options.labelValues.empty() &&
       options.labelValues.size() != static_cast<std::size_t>(classes)))
  {
    throw UsageError(Message("label decision: ",
                             classes,
                             " classes and ",
                             options.labelValues.size(),
                             " label values do not go together"));
  }
  State & state = *m_State;
  state.native = undo.NativeGrid();
  state.prepared = undo.PreparedGrid();
  state.options = std::move(options);
  state.classes = static_cast<std::size_t>(classes);
  const auto axes = undo.NativeAxes();
  for (unsigned int a = 0; a < 3; ++a)
  {
    const unsigned int p = axes[a].preparedAxis;
    state.axis[p] = MakeAxis(axes[a], a, state.prepared.size[p]);
  }
  const Axis & z = state.axis[2];
  for (std::size_t i = z.begin; i < z.end; ++i)
  {
    state.order.push_back(i);
  }
  std::stable_sort(state.order.begin(),
                   state.order.end(),
                   [&](std::size_t a, std::size_t b)
                   { return z.between[a].above < z.between[b].above; });
  state.Allocate();
}

NativeLabelDecider::~NativeLabelDecider() = default;

std::int64_t
NativeLabelDecider::NextPlane() const
{
  return static_cast<std::int64_t>(m_State->nextPlane);
}

void
NativeLabelDecider::Accept(const ProbabilitySlab & borrowed)
{
  State & state = *m_State;
  ProbabilitySlab slab = borrowed;
  const auto planeVoxels = static_cast<std::int64_t>(state.PlaneVoxels());
  slab.planeStride = slab.planeStride == 0 ? planeVoxels : slab.planeStride;
  slab.classStride = slab.classStride == 0 ? slab.planes * slab.planeStride : slab.classStride;
  const std::size_t end =
      state.nextPlane + static_cast<std::size_t>(std::max<std::int64_t>(0, slab.planes));
  if (slab.data == nullptr || slab.planes < 1 || end > state.axis[2].size)
  {
    throw UsageError(Message("label decision: a slab of ",
                             slab.planes,
                             " planes at plane ",
                             state.nextPlane,
                             " does not fit into ",
                             state.axis[2].size,
                             " planes"));
  }
  RequireFinite(slab, static_cast<int>(state.classes), planeVoxels, NextPlane());
  std::size_t ready = state.nextNative;
  while (ready < state.order.size() && state.axis[2].between[state.order[ready]].above < end)
  {
    ++ready;
  }
  const Axis & y = state.axis[1];
  const std::size_t rows = y.end - y.begin;
  if (rows > 0 && state.axis[0].begin < state.axis[0].end)
  {
    ParallelFor((ready - state.nextNative) * rows,
                [&](std::size_t first, std::size_t last)
                {
                  std::vector<float> scratch;
                  for (std::size_t i = first; i < last; ++i)
                  {
                    state.DecideRow(state.order[state.nextNative + i / rows],
                                    y.begin + i % rows,
                                    slab,
                                    scratch);
                  }
                });
  }
  state.Keep(slab);
  state.nextNative = ready;
  state.nextPlane = end;
}

NativeDecision
NativeLabelDecider::Finish()
{
  State & state = *m_State;
  if (state.nextPlane != state.axis[2].size)
  {
    throw UsageError(Message("label decision: only ",
                             state.nextPlane,
                             " of ",
                             state.axis[2].size,
                             " planes were given"));
  }
  return std::move(state.decision);
}

} // namespace sulcus
