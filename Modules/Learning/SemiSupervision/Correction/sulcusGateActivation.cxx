#include "sulcusGateActivation.h"

#include "sulcusGateKernel.h"
#include <sulcusConvolution.h>
#include <sulcusElementType.h>
#include <sulcusNormActivation.h>
#include <sulcusTorchParallel.h>

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace sulcus
{
namespace
{

using torch::Tensor;

constexpr std::int64_t pieceLength = 16384; ///< what a thread takes at a time; a multiple of 16

bool
HasKernel(const Tensor & tensor)
{
  const auto type = tensor.scalar_type();
  return !ReferenceKernels::Active() && tensor.device().is_cpu() && tensor.dim() == 5 &&
         tensor.numel() > 0 && tensor.numel() % 16 == 0 &&
         (type == torch::kFloat || type == torch::kBFloat16);
}

/** Calls body(begin, count) for pieces of flat arrays. */
template <typename TBody>
void
ForPieces(std::int64_t length, const TBody & body)
{
  TorchParallelFor((length + pieceLength - 1) / pieceLength,
                   [&](std::int64_t first, std::int64_t last)
                   {
                     for (auto i = first; i < last; ++i)
                     {
                       body(i * pieceLength, std::min(pieceLength, length - i * pieceLength));
                     }
                   });
}

template <typename TElement>
const TElement *
From(const Tensor & tensor)
{
  return tensor.const_data_ptr<TElement>();
}

class ResetFunction : public torch::autograd::Function<ResetFunction>
{
public:
  static Tensor
  forward(torch::autograd::AutogradContext * context, const Tensor & gate, const Tensor & input)
  {
    context->save_for_backward({gate, input});
    Tensor reset = torch::empty_like(gate);
    WithElement<float, c10::BFloat16>(
        gate,
        [&](auto element)
        {
          using Element = decltype(element);
          const auto * g = From<Element>(gate);
          const auto * x = From<Element>(input);
          auto * to = reset.data_ptr<Element>();
          ForPieces(gate.numel(),
                    [&](std::int64_t at, std::int64_t count)
                    {
                      const kernel::ResetRow<Element> row{count, g + at, x + at};
                      kernel::ResetForward(row, to + at);
                    });
        });
    return reset;
  }

  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext * context, torch::autograd::variable_list gradients)
  {
    const auto saved = context->get_saved_variables();
    const Tensor upstream = ChannelsLast(gradients[0].to(saved[0].scalar_type()));
    Tensor gateGradient = torch::empty_like(saved[0]);
    Tensor inputGradient = torch::empty_like(saved[1]);
    WithElement<float, c10::BFloat16>(
        upstream,
        [&](auto element)
        {
          using Element = decltype(element);
          const auto * g = From<Element>(saved[0]);
          const auto * x = From<Element>(saved[1]);
          const auto * up = From<Element>(upstream);
          auto * toGate = gateGradient.data_ptr<Element>();
          auto * toInput = inputGradient.data_ptr<Element>();
          ForPieces(upstream.numel(),
                    [&](std::int64_t at, std::int64_t count)
                    {
                      const kernel::ResetRow<Element> row{count, g + at, x + at};
                      kernel::ResetBackward(row, up + at, toGate + at, toInput + at);
                    });
        });
    return {gateGradient, inputGradient};
  }
};

class BlendFunction : public torch::autograd::Function<BlendFunction>
{
public:
  static Tensor
  forward(torch::autograd::AutogradContext * context,
          const Tensor & state,
          const Tensor & gate,
          const Tensor & candidate)
  {
    context->save_for_backward({state, gate, candidate});
    Tensor blended = torch::empty_like(state);
    WithElement<float, c10::BFloat16>(
        state,
        [&](auto element)
        {
          using Element = decltype(element);
          const auto * e = From<Element>(state);
          const auto * g = From<Element>(gate);
          const auto * c = From<Element>(candidate);
          auto * to = blended.data_ptr<Element>();
          ForPieces(state.numel(),
                    [&](std::int64_t at, std::int64_t count)
                    {
                      const kernel::BlendRow<Element> row{count, e + at, g + at, c + at};
                      kernel::BlendForward(row, to + at);
                    });
        });
    return blended;
  }

  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext * context, torch::autograd::variable_list gradients)
  {
    const auto saved = context->get_saved_variables();
    const Tensor upstream = ChannelsLast(gradients[0].to(saved[0].scalar_type()));
    Tensor toState = torch::empty_like(saved[0]);
    Tensor toGate = torch::empty_like(saved[1]);
    Tensor toCandidate = torch::empty_like(saved[2]);
    WithElement<float, c10::BFloat16>(
        upstream,
        [&](auto element)
        {
          using Element = decltype(element);
          const auto * e = From<Element>(saved[0]);
          const auto * g = From<Element>(saved[1]);
          const auto * c = From<Element>(saved[2]);
          const auto * up = From<Element>(upstream);
          const kernel::BlendRowGradient<Element> to{toState.data_ptr<Element>(),
                                                     toGate.data_ptr<Element>(),
                                                     toCandidate.data_ptr<Element>()};
          ForPieces(upstream.numel(),
                    [&](std::int64_t at, std::int64_t count)
                    {
                      const kernel::BlendRow<Element> row{count, e + at, g + at, c + at};
                      kernel::BlendBackward(
                          row, up + at, {to.state + at, to.gate + at, to.candidate + at});
                    });
        });
    return {toState, toGate, toCandidate};
  }
};

} // namespace

Tensor
ResetGate(const Tensor & gate, const Tensor & input)
{
  const auto same = input.to(gate.scalar_type());
  if (!HasKernel(gate))
  {
    return gate.sigmoid() * same;
  }
  return ResetFunction::apply(ChannelsLast(gate), ChannelsLast(same));
}

Tensor
BlendGate(const Tensor & state, const Tensor & gate, const Tensor & candidate)
{
  const auto same = state.to(candidate.scalar_type());
  if (!HasKernel(candidate))
  {
    return torch::lerp(same, candidate.relu(), gate.sigmoid());
  }
  return BlendFunction::apply(ChannelsLast(same), ChannelsLast(gate), ChannelsLast(candidate));
}

} // namespace sulcus
