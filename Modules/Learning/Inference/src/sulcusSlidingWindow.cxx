#include "sulcusSlidingWindow.h"

#include <sulcusError.h>
#include <sulcusInterrupt.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

using torch::Tensor;

void
CheckOptions(const Tensor & image, const SlidingWindowOptions & options)
{
  if (image.dim() != 4 || image.numel() == 0 || image.scalar_type() != torch::kFloat)
  {
    throw UsageError(Message("sliding window: expected a float image [C, z, y, x], got ",
                             torch::str(image.sizes())));
  }
  const auto & w = options.window;
  if (std::min({w[0], w[1], w[2]}) < 1 || options.batchSize < 1 || options.slabPlanes < 1)
  {
    throw UsageError("sliding window: window, batch size and slab must be at least 1");
  }
  if (!(options.overlap >= 0 && options.overlap < 1) || !(options.gaussianWidth >= 0))
  {
    throw UsageError(Message(
        "sliding window: overlap must lie in [0, 1) and the Gaussian width must not be negative, ",
        "got ",
        options.overlap,
        " and ",
        options.gaussianWidth));
  }
}

/** Where the windows of one axis lie, on the image padded to at least one window. */
struct Axis
{
  std::int64_t size = 0;   ///< of the image
  std::int64_t before = 0; ///< voxels padded in front
  std::int64_t window = 0;
  std::vector<std::int64_t> starts;
  std::vector<Tensor> weights; ///< one a start
};

Axis
MakeAxis(std::int64_t size,
         std::int64_t window,
         const SlidingWindowOptions & options,
         const torch::Device & device)
{
  Axis axis;
  axis.size = size;
  axis.window = window;
  const std::int64_t padded = std::max(size, window);
  axis.before = (padded - size) / 2;
  axis.starts = WindowStarts(padded, window, options.overlap);
  for (auto & weights : BlendingWeights(padded, window, axis.starts, options.gaussianWidth))
  {
    axis.weights.push_back(torch::tensor(weights).to(device));
  }
  return axis;
}

Tensor
PadToWindow(const Tensor & image, const std::array<Axis, 3> & axes, bool replicate)
{
  std::vector<std::int64_t> padding;
  for (int a = 2; a >= 0; --a)
  {
    const std::int64_t total = std::max<std::int64_t>(axes[a].window - axes[a].size, 0);
    padding.push_back(axes[a].before);
    padding.push_back(total - axes[a].before);
  }
  const bool fits =
      std::all_of(padding.begin(), padding.end(), [](std::int64_t p) { return p == 0; });
  if (fits)
  {
    return image;
  }
  return replicate ? torch::replication_pad3d(image, padding)
                   : torch::constant_pad_nd(image, padding, 0.0);
}

/** The planes that windows still add to, in a ring of one window's depth: plane z lies at z mod
 * depth. */
class PlaneRing
{
public:
  void
  Add(const Tensor & weighted, std::int64_t z, std::int64_t y, std::int64_t x)
  {
    const std::int64_t depth = m_Planes.size(1);
    const std::int64_t first = z % depth;
    const std::int64_t ahead = std::min(depth - first, weighted.size(1));
    Place(first, ahead, y, x, weighted).add_(weighted.narrow(1, 0, ahead));
    if (ahead < weighted.size(1))
    {
      const std::int64_t rest = weighted.size(1) - ahead;
      Place(0, rest, y, x, weighted).add_(weighted.narrow(1, ahead, rest));
    }
  }

  bool
  IsEmpty() const
  {
    return !m_Planes.defined();
  }

  void
  Allocate(std::int64_t classes,
           std::int64_t depth,
           std::int64_t height,
           std::int64_t width,
           const Tensor & like)
  {
    m_Planes = torch::zeros({classes, depth, height, width}, like.options());
  }

  std::int64_t
  Classes() const
  {
    return m_Planes.size(0);
  }

  /** At most `most` planes from z on that lie together. */
  Tensor
  Planes(std::int64_t z, std::int64_t most) const
  {
    const std::int64_t first = z % m_Planes.size(1);
    return m_Planes.narrow(1, first, std::min(most, m_Planes.size(1) - first));
  }

private:
  Tensor
  Place(std::int64_t plane, std::int64_t count, std::int64_t y, std::int64_t x, const Tensor & like)
  {
    return m_Planes.narrow(1, plane, count).narrow(2, y, like.size(2)).narrow(3, x, like.size(3));
  }

  Tensor m_Planes;
};

class SlabPrediction
{
public:
  SlabPrediction(const Tensor & image,
                 const Predictor & predictor,
                 const SlidingWindowOptions & options,
                 const SlabConsumer & consume,
                 const std::function<void(double)> & progress)
      : m_Predictor(predictor), m_Options(options), m_Consume(consume), m_Progress(progress)
  {
    for (int a = 0; a < 3; ++a)
    {
      m_Axes[a] = MakeAxis(image.size(a + 1), options.window[a], options, image.device());
    }
    m_Image = PadToWindow(image, m_Axes, options.replicatePadding);
  }

  void
  Run()
  {
    const auto & starts = m_Axes[0].starts;
    for (std::size_t row = 0; row < starts.size(); ++row)
    {
      PredictRow(row);
      const bool isLast = row + 1 == starts.size();
      Release(starts[row], isLast ? starts[row] + m_Axes[0].window : starts[row + 1]);
    }
  }

private:
  struct Place
  {
    std::size_t y = 0;
    std::size_t x = 0;
  };

  void
  PredictRow(std::size_t row)
  {
    std::vector<Place> places;
    for (std::size_t y = 0; y < m_Axes[1].starts.size(); ++y)
    {
      for (std::size_t x = 0; x < m_Axes[2].starts.size(); ++x)
      {
        places.push_back({y, x});
        if (static_cast<int>(places.size()) == m_Options.batchSize)
        {
          PredictBatch(row, places);
          places.clear();
        }
      }
    }
    if (!places.empty())
    {
      PredictBatch(row, places);
    }
  }

  void
  PredictBatch(std::size_t row, const std::vector<Place> & places)
  {
    ThrowIfInterrupted();
    std::vector<Tensor> windows;
    for (const Place & place : places)
    {
      windows.push_back(m_Image.narrow(1, m_Axes[0].starts[row], m_Axes[0].window)
                            .narrow(2, m_Axes[1].starts[place.y], m_Axes[1].window)
                            .narrow(3, m_Axes[2].starts[place.x], m_Axes[2].window));
    }
    const Tensor input = torch::stack(windows);
    const Tensor predicted = m_Predictor(input);
    CheckPrediction(input, predicted);
    if (m_Ring.IsEmpty())
    {
      m_Ring.Allocate(
          predicted.size(1), m_Axes[0].window, m_Image.size(2), m_Image.size(3), predicted);
    }
    for (std::size_t w = 0; w < places.size(); ++w)
    {
      Blend(predicted[static_cast<std::int64_t>(w)], row, places[w]);
    }
    m_Done += places.size();
    if (m_Progress)
    {
      const std::size_t total =
          m_Axes[0].starts.size() * m_Axes[1].starts.size() * m_Axes[2].starts.size();
      m_Progress(static_cast<double>(m_Done) / static_cast<double>(total));
    }
  }

  void
  Blend(const Tensor & probabilities, std::size_t row, const Place & place)
  {
    const Tensor weight = m_Axes[0].weights[row].reshape({-1, 1, 1}) *
                          m_Axes[1].weights[place.y].reshape({1, -1, 1}) *
                          m_Axes[2].weights[place.x].reshape({1, 1, -1});
    m_Ring.Add(probabilities * weight,
               m_Axes[0].starts[row],
               m_Axes[1].starts[place.y],
               m_Axes[2].starts[place.x]);
  }

  void
  CheckPrediction(const Tensor & input, const Tensor & predicted) const
  {
    const bool fits = predicted.dim() == 5 && predicted.size(0) == input.size(0) &&
                      predicted.sizes().slice(2) == input.sizes().slice(2) &&
                      (m_Ring.IsEmpty() || predicted.size(1) == m_Ring.Classes());
    if (!fits)
    {
      throw RuntimeError(Message("sliding window: the predictor gave ",
                                 torch::str(predicted.sizes()),
                                 " for windows ",
                                 torch::str(input.sizes())));
    }
    if (!torch::isfinite(predicted.sum()).item<bool>())
    {
      throw RuntimeError("sliding window: the network predicts values that are not finite");
    }
  }

  /** Hands over the finished planes [begin, end) of the padded image and clears their place. */
  void
  Release(std::int64_t begin, std::int64_t end)
  {
    std::int64_t z = begin;
    while (z < end)
    {
      const Tensor planes = m_Ring.Planes(z, std::min(end - z, m_Options.slabPlanes));
      const std::int64_t next = z + planes.size(1);
      const std::int64_t from = std::clamp<std::int64_t>(z - m_Axes[0].before, 0, m_Axes[0].size);
      const std::int64_t to = std::clamp<std::int64_t>(next - m_Axes[0].before, 0, m_Axes[0].size);
      if (from < to)
      {
        m_Consume(from, Cropped(planes.narrow(1, from + m_Axes[0].before - z, to - from)));
      }
      planes.zero_();
      z = next;
    }
  }

  /** Without the padding of y and x; contiguous planes. */
  Tensor
  Cropped(const Tensor & planes) const
  {
    if (planes.size(2) == m_Axes[1].size && planes.size(3) == m_Axes[2].size)
    {
      return planes;
    }
    return planes.narrow(2, m_Axes[1].before, m_Axes[1].size)
        .narrow(3, m_Axes[2].before, m_Axes[2].size)
        .contiguous();
  }

  const Predictor & m_Predictor;
  const SlidingWindowOptions & m_Options;
  const SlabConsumer & m_Consume;
  const std::function<void(double)> & m_Progress;
  std::array<Axis, 3> m_Axes;
  Tensor m_Image;
  PlaneRing m_Ring;
  std::size_t m_Done = 0;
};

} // namespace

std::vector<std::int64_t>
WindowStarts(std::int64_t size, std::int64_t window, double overlap)
{
  if (size <= window)
  {
    return {0};
  }
  const std::int64_t last = size - window;
  const double step = std::max(1.0, std::floor(static_cast<double>(window) * (1.0 - overlap)));
  const auto count = static_cast<std::int64_t>(std::ceil(static_cast<double>(last) / step)) + 1;
  std::vector<std::int64_t> starts;
  for (std::int64_t i = 0; i < count; ++i)
  {
    starts.push_back((2 * i * last + count - 1) / (2 * (count - 1))); // i·last/(count-1), rounded
  }
  return starts;
}

std::vector<std::vector<float>>
BlendingWeights(std::int64_t size,
                std::int64_t window,
                const std::vector<std::int64_t> & starts,
                double gaussianWidth)
{
  std::vector<double> profile(window, 1.0);
  for (std::int64_t i = 0; gaussianWidth > 0 && i < window; ++i)
  {
    const double distance = (static_cast<double>(i) - 0.5 * static_cast<double>(window - 1)) /
                            (gaussianWidth * static_cast<double>(window));
    profile[i] = std::max(std::exp(-0.5 * distance * distance), 1e-3);
  }
  std::vector<double> sum(size, 0.0);
  for (const std::int64_t start : starts)
  {
    for (std::int64_t i = 0; i < window; ++i)
    {
      sum[start + i] += profile[i];
    }
  }
  std::vector<std::vector<float>> weights;
  for (const std::int64_t start : starts)
  {
    auto & row = weights.emplace_back();
    for (std::int64_t i = 0; i < window; ++i)
    {
      row.push_back(static_cast<float>(profile[i] / sum[start + i]));
    }
  }
  return weights;
}

void
PredictSlabs(const Tensor & image,
             const Predictor & predictor,
             const SlidingWindowOptions & options,
             const SlabConsumer & consume,
             const std::function<void(double)> & progress)
{
  CheckOptions(image, options);
  const torch::InferenceMode noGraph;
  SlabPrediction(image, predictor, options, consume, progress).Run();
}

Tensor
PredictVolume(const Tensor & image,
              const Predictor & predictor,
              const SlidingWindowOptions & options)
{
  std::vector<Tensor> slabs;
  PredictSlabs(image,
               predictor,
               options,
               [&](std::int64_t, const Tensor & slab) { slabs.push_back(slab.clone()); });
  return torch::cat(slabs, 1).clone();
}

} // namespace sulcus
