#include "sulcusChannelsLastNorm.h"

#include "sulcusChannelsLastKernel.h"
#include "sulcusElementType.h"
#include "sulcusTorchParallel.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sulcus
{
namespace
{

using torch::Tensor;

/** Voxels of a piece: sums of pieces are added in order, so the result does not depend on how many
 * threads share them. */
constexpr std::int64_t pieceLength = 2048;

struct Layout
{
  std::int64_t samples = 0;
  std::int64_t channels = 0;
  std::int64_t voxels = 0;
  std::int64_t pieces = 0; ///< of one sample

  explicit Layout(const Tensor & map)
      : samples(map.size(0)), channels(map.size(1)), voxels(map.numel() / (samples * channels)),
        pieces((voxels + pieceLength - 1) / pieceLength)
  {
  }
};

template <typename TElement, typename TScalar>
kernel::ChannelsLastPiece<TElement, TScalar>
PieceOf(const Tensor & input, const Layout & layout, std::int64_t piece)
{
  const std::int64_t begin = piece * pieceLength;
  kernel::ChannelsLastPiece<TElement, TScalar> result;
  result.input = input.const_data_ptr<TElement>();
  result.voxels = std::min(pieceLength, layout.voxels - begin);
  result.channels = layout.channels;
  return result;
}

/** Calls body(sample, piece, offset of its first number) on LibTorch's threads. */
template <typename TBody>
void
ForEachPiece(const Layout & layout, const TBody & body)
{
  TorchParallelFor(
      layout.samples * layout.pieces,
      [&](std::int64_t begin, std::int64_t end)
      {
        for (std::int64_t i = begin; i < end; ++i)
        {
          const std::int64_t sample = i / layout.pieces;
          const std::int64_t piece = i % layout.pieces;
          body(sample, piece, (sample * layout.voxels + piece * pieceLength) * layout.channels);
        }
      });
}

/** Sums of the pieces of each sample, [samples][2 · channels]. */
std::vector<double>
AddPieces(const Layout & layout, const std::vector<double> & partial)
{
  const std::int64_t length = 2 * layout.channels;
  std::vector<double> sums(layout.samples * length, 0.0);
  for (std::int64_t i = 0; i < layout.samples * layout.pieces; ++i)
  {
    double * to = sums.data() + i / layout.pieces * length;
    for (std::int64_t c = 0; c < length; ++c)
    {
      to[c] += partial[i * length + c];
    }
  }
  return sums;
}

/** Mean and inverse deviation of every group from the sums about each channel's shift. */
template <typename TScalar>
Tensor
GroupMoments(const Layout & layout,
             const std::vector<double> & sums,
             const std::vector<TScalar> & shift,
             const NormActivationOptions & options)
{
  Tensor moments = torch::empty({layout.samples * options.groups, 2}, torch::kDouble);
  double * to = moments.data_ptr<double>();
  const std::int64_t width = layout.channels / options.groups;
  const auto count = static_cast<double>(layout.voxels);
  for (std::int64_t row = 0; row < layout.samples * options.groups; ++row)
  {
    const std::int64_t sample = row / options.groups;
    const std::int64_t first = row % options.groups * width;
    const double * sum = sums.data() + sample * 2 * layout.channels;
    const TScalar * about = shift.data() + sample * layout.channels;
    const auto meanOf = [&](std::int64_t c)
    { return static_cast<double>(about[c]) + sum[c] / count; };
    double mean = 0;
    for (std::int64_t c = first; c < first + width; ++c)
    {
      mean += meanOf(c) / static_cast<double>(width);
    }
    double variance = 0;
    for (std::int64_t c = first; c < first + width; ++c)
    {
      const double shifted = sum[c] / count;
      const double within = sum[layout.channels + c] / count - shifted * shifted;
      const double between = meanOf(c) - mean;
      variance += ((within > 0    ? within
                    : within <= 0 ? 0.0
                                  : within) +
                   between * between) /
                  static_cast<double>(width);
    }
    to[2 * row] = mean;
    to[2 * row + 1] = 1.0 / std::sqrt(variance + options.epsilon);
  }
  return moments;
}

/** Per sample and channel: the group's mean, weight / deviation, and the bias. */
template <typename TScalar>
struct ChannelConstants
{
  std::vector<TScalar> mean, factor, bias;

  ChannelConstants(const Layout & layout,
                   const Tensor & weight,
                   const Tensor & bias_,
                   const Tensor & moments,
                   std::int64_t groups)
  {
    const TScalar * w = weight.const_data_ptr<TScalar>();
    const TScalar * b = bias_.const_data_ptr<TScalar>();
    const double * m = moments.const_data_ptr<double>();
    const std::int64_t width = layout.channels / groups;
    for (std::int64_t i = 0; i < layout.samples * layout.channels; ++i)
    {
      const std::int64_t c = i % layout.channels;
      const double * row = m + 2 * (i / layout.channels * groups + c / width);
      mean.push_back(static_cast<TScalar>(row[0]));
      factor.push_back(static_cast<TScalar>(static_cast<double>(w[c]) * row[1]));
      bias.push_back(b[c]);
    }
  }

  template <typename TPiece>
  void
  Fill(TPiece & piece, std::int64_t sample, double slope) const
  {
    const std::int64_t at = sample * piece.channels;
    piece.mean = mean.data() + at;
    piece.factor = factor.data() + at;
    piece.bias = bias.data() + at;
    piece.slope = static_cast<TScalar>(slope);
  }
};

template <typename TElement, typename TScalar>
NormForwardResult
Forward(const Tensor & input,
        const Tensor & weight,
        const Tensor & bias,
        const Tensor & residual,
        const NormActivationOptions & options)
{
  const Layout layout(input);
  const TElement * from = input.const_data_ptr<TElement>();
  std::vector<TScalar> shift;
  for (std::int64_t i = 0; i < layout.samples * layout.channels; ++i)
  {
    const std::int64_t sample = i / layout.channels;
    shift.push_back(
        static_cast<TScalar>(from[sample * layout.voxels * layout.channels + i % layout.channels]));
  }
  std::vector<double> partial(layout.samples * layout.pieces * 2 * layout.channels);
  ForEachPiece(layout,
               [&](std::int64_t sample, std::int64_t index, std::int64_t at)
               {
                 auto piece = PieceOf<TElement, TScalar>(input, layout, index);
                 piece.input += at;
                 piece.mean = shift.data() + sample * layout.channels;
                 kernel::BlockMoments(piece,
                                      partial.data() +
                                          (sample * layout.pieces + index) * 2 * layout.channels);
               });
  NormForwardResult result;
  result.moments = GroupMoments(layout, AddPieces(layout, partial), shift, options);
  result.output = torch::empty_like(input);
  const ChannelConstants<TScalar> constants(layout, weight, bias, result.moments, options.groups);
  TElement * to = result.output.data_ptr<TElement>();
  const TElement * added = residual.defined() ? residual.const_data_ptr<TElement>() : nullptr;
  ForEachPiece(layout,
               [&](std::int64_t sample, std::int64_t index, std::int64_t at)
               {
                 auto piece = PieceOf<TElement, TScalar>(input, layout, index);
                 piece.input += at;
                 constants.Fill(piece, sample, options.slope);
                 kernel::BlockApply(piece, added ? added + at : nullptr, to + at);
               });
  return result;
}

template <typename TElement, typename TScalar>
NormGradients
Backward(const Tensor & input,
         const Tensor & weight,
         const Tensor & bias,
         const Tensor & moments,
         const Tensor & gradient,
         const Tensor & output,
         const NormActivationOptions & options)
{
  const Layout layout(input);
  const ChannelConstants<TScalar> constants(layout, weight, bias, moments, options.groups);
  NormGradients result;
  result.input = torch::empty_like(input);
  result.residual = output.defined() ? torch::empty_like(input) : Tensor();
  const auto gradientAt = [&](std::int64_t at)
  {
    kernel::ChannelsLastGradient<TElement, TScalar> g;
    g.gradient = gradient.const_data_ptr<TElement>() + at;
    g.inputGradient = result.input.data_ptr<TElement>() + at;
    if (output.defined())
    {
      g.output = output.const_data_ptr<TElement>() + at;
      g.residualGradient = result.residual.data_ptr<TElement>() + at;
    }
    return g;
  };
  std::vector<double> partial(layout.samples * layout.pieces * 2 * layout.channels);
  ForEachPiece(layout,
               [&](std::int64_t sample, std::int64_t index, std::int64_t at)
               {
                 auto piece = PieceOf<TElement, TScalar>(input, layout, index);
                 piece.input += at;
                 constants.Fill(piece, sample, options.slope);
                 kernel::BlockGradientSums(piece,
                                           gradientAt(at),
                                           partial.data() + (sample * layout.pieces + index) * 2 *
                                                                layout.channels);
               });
  const auto sums = AddPieces(layout, partial);

  result.parameters = torch::empty({2, layout.samples, layout.channels}, torch::kDouble);
  double * ofWeight = result.parameters.data_ptr<double>();
  double * ofBias = ofWeight + layout.samples * layout.channels;
  const double * moment = moments.const_data_ptr<double>();
  const TScalar * w = weight.const_data_ptr<TScalar>();
  const std::int64_t width = layout.channels / options.groups;
  const double count = static_cast<double>(width * layout.voxels);
  std::vector<TScalar> constant(layout.samples * layout.channels);
  std::vector<TScalar> linear(constant.size());
  for (std::int64_t row = 0; row < layout.samples * options.groups; ++row)
  {
    const std::int64_t sample = row / options.groups;
    const std::int64_t first = row % options.groups * width;
    const double * sum = sums.data() + sample * 2 * layout.channels;
    const double scale = moment[2 * row + 1];
    double meanOfGradient = 0;
    double meanOfProduct = 0;
    for (std::int64_t c = first; c < first + width; ++c)
    {
      const double product = sum[layout.channels + c] * scale;
      ofBias[sample * layout.channels + c] = sum[c];
      ofWeight[sample * layout.channels + c] = product;
      meanOfGradient += static_cast<double>(w[c]) * sum[c] / count;
      meanOfProduct += static_cast<double>(w[c]) * product / count;
    }
    const std::int64_t at = sample * layout.channels;
    std::fill_n(constant.begin() + at + first, width, static_cast<TScalar>(scale * meanOfGradient));
    std::fill_n(
        linear.begin() + at + first, width, static_cast<TScalar>(scale * scale * meanOfProduct));
  }
  ForEachPiece(layout,
               [&](std::int64_t sample, std::int64_t index, std::int64_t at)
               {
                 auto piece = PieceOf<TElement, TScalar>(input, layout, index);
                 piece.input += at;
                 constants.Fill(piece, sample, options.slope);
                 auto g = gradientAt(at);
                 g.constant = constant.data() + sample * layout.channels;
                 g.linear = linear.data() + sample * layout.channels;
                 kernel::BlockInputGradient(piece, g);
               });
  return result;
}

} // namespace

bool
HasChannelsLastKernel(const Tensor & map)
{
  const auto type = map.scalar_type();
  return map.device().is_cpu() && map.dim() == 5 && map.numel() > 0 && map.size(1) % 16 == 0 &&
         (type == torch::kFloat || type == torch::kBFloat16 || type == torch::kDouble);
}

NormForwardResult
ChannelsLastNormForward(const Tensor & input,
                        const Tensor & weight,
                        const Tensor & bias,
                        const Tensor & residual,
                        const NormActivationOptions & options)
{
  NormForwardResult result;
  WithElement<float, c10::BFloat16, double>(input,
                                            [&](auto element)
                                            {
                                              using Element = decltype(element);
                                              result = Forward<Element, kernel::ScalarOf<Element>>(
                                                  input, weight, bias, residual, options);
                                            });
  return result;
}

NormGradients
ChannelsLastNormBackward(const Tensor & input,
                         const Tensor & weight,
                         const Tensor & bias,
                         const Tensor & moments,
                         const Tensor & gradient,
                         const Tensor & output,
                         const NormActivationOptions & options)
{
  NormGradients result;
  WithElement<float, c10::BFloat16, double>(
      input,
      [&](auto element)
      {
        using Element = decltype(element);
        result = Backward<Element, kernel::ScalarOf<Element>>(
            input, weight, bias, moments, gradient, output, options);
      });
  return result;
}

} // namespace sulcus
