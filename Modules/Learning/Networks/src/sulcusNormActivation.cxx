#include "sulcusNormActivation.h"

#include "sulcusChannelsLastNorm.h"
#include "sulcusNormActivationKernel.h"
#include "sulcusTorchParallel.h"
#include <sulcusError.h>

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

namespace sulcus
{
namespace
{

thread_local bool referenceKernels = false;

using torch::Tensor;

/** Where the rows of one call lie in memory. */
template <typename TElement, typename TScalar>
kernel::NormRow<TElement, TScalar>
RowOf(const Tensor & input,
      const Tensor & residual,
      const Tensor & weight,
      const Tensor & bias,
      const NormActivationOptions & options,
      std::int64_t row)
{
  kernel::NormRow<TElement, TScalar> result;
  result.channels = input.size(1) / options.groups;
  result.voxels = input.numel() / (input.size(0) * input.size(1));
  const std::int64_t at = row * result.channels * result.voxels;
  const std::int64_t channel = row % options.groups * result.channels;
  result.input = input.const_data_ptr<TElement>() + at;
  result.residual = residual.defined() ? residual.const_data_ptr<TElement>() + at : nullptr;
  result.weight = weight.const_data_ptr<TScalar>() + channel;
  result.bias = bias.const_data_ptr<TScalar>() + channel;
  result.slope = static_cast<TScalar>(options.slope);
  return result;
}

template <typename TElement, typename TScalar>
void
ForwardRows(const Tensor & input,
            const Tensor & residual,
            const Tensor & weight,
            const Tensor & bias,
            const NormActivationOptions & options,
            Tensor & output,
            Tensor & moments)
{
  TElement * to = output.data_ptr<TElement>();
  double * moment = moments.data_ptr<double>();
  TorchParallelFor(input.size(0) * options.groups,
                   [&](std::int64_t begin, std::int64_t end)
                   {
                     for (std::int64_t r = begin; r < end; ++r)
                     {
                       const auto row =
                           RowOf<TElement, TScalar>(input, residual, weight, bias, options, r);
                       kernel::NormForward(row,
                                           options.epsilon,
                                           to + r * row.channels * row.voxels,
                                           moment[2 * r],
                                           moment[2 * r + 1]);
                     }
                   });
}

template <typename TElement, typename TScalar>
void
BackwardRows(const Tensor & input,
             const Tensor & weight,
             const Tensor & bias,
             const NormActivationOptions & options,
             const Tensor & moments,
             const Tensor & gradient,
             const Tensor & output,
             Tensor & inputGradient,
             Tensor & residualGradient,
             Tensor & parameterGradients)
{
  const double * moment = moments.const_data_ptr<double>();
  double * parameters = parameterGradients.data_ptr<double>();
  const std::int64_t half = parameterGradients.numel() / 2;
  TorchParallelFor(input.size(0) * options.groups,
                   [&](std::int64_t begin, std::int64_t end)
                   {
                     for (std::int64_t r = begin; r < end; ++r)
                     {
                       const auto row =
                           RowOf<TElement, TScalar>(input, {}, weight, bias, options, r);
                       const std::int64_t at = r * row.channels * row.voxels;
                       kernel::NormRowGradient<TElement, TScalar> g;
                       g.gradient = gradient.const_data_ptr<TElement>() + at;
                       g.inputGradient = inputGradient.data_ptr<TElement>() + at;
                       if (output.defined())
                       {
                         g.output = output.const_data_ptr<TElement>() + at;
                         g.residualGradient = residualGradient.data_ptr<TElement>() + at;
                       }
                       g.weightGradient = parameters + r * row.channels;
                       g.biasGradient = parameters + half + r * row.channels;
                       kernel::NormBackward(row, g, moment[2 * r], moment[2 * r + 1]);
                     }
                   });
}

class NormActivationFunction : public torch::autograd::Function<NormActivationFunction>
{
public:
  static Tensor
  forward(
      torch::autograd::AutogradContext * context,
      const Tensor & input,
      const Tensor & weight,
      const Tensor & bias,
      const Tensor & added, // without elements: no residual; a function's arguments must be defined
      std::int64_t groups,
      double slope,
      double epsilon)
  {
    const Tensor residual = added.numel() > 0 ? added : Tensor();
    const NormActivationOptions options{groups, slope, epsilon};
    context->saved_data["groups"] = groups;
    context->saved_data["slope"] = slope;
    context->saved_data["epsilon"] = epsilon;
    if (HasChannelsLastKernel(input))
    {
      const auto made = ChannelsLastNormForward(input, weight, bias, residual, options);
      context->save_for_backward(
          {input, weight, bias, made.moments, residual.defined() ? made.output : Tensor()});
      return made.output;
    }
    Tensor output = torch::empty_like(input);
    Tensor moments = torch::empty({input.size(0) * groups, 2}, torch::kDouble);
    switch (input.scalar_type())
    {
    case torch::kFloat:
      ForwardRows<float, float>(input, residual, weight, bias, options, output, moments);
      break;
    case torch::kBFloat16:
      ForwardRows<c10::BFloat16, float>(input, residual, weight, bias, options, output, moments);
      break;
    default:
      ForwardRows<double, double>(input, residual, weight, bias, options, output, moments);
    }
    context->save_for_backward(
        {input, weight, bias, moments, residual.defined() ? output : Tensor()});
    return output;
  }

  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext * context, torch::autograd::variable_list gradients)
  {
    const auto saved = context->get_saved_variables();
    const Tensor & input = saved[0];
    const NormActivationOptions options{context->saved_data["groups"].toInt(),
                                        context->saved_data["slope"].toDouble(),
                                        context->saved_data["epsilon"].toDouble()};
    if (HasChannelsLastKernel(input))
    {
      const auto made = ChannelsLastNormBackward(
          input,
          saved[1],
          saved[2],
          saved[3],
          gradients[0].to(input.scalar_type()).contiguous(torch::MemoryFormat::ChannelsLast3d),
          saved[4],
          options);
      const Tensor sums = made.parameters.sum(1).to(saved[1].scalar_type());
      return {made.input, sums[0], sums[1], made.residual, {}, {}, {}};
    }
    const Tensor gradient = gradients[0].to(input.scalar_type()).contiguous();
    Tensor inputGradient = torch::empty_like(input);
    Tensor residualGradient = saved[4].defined() ? torch::empty_like(input) : Tensor();
    Tensor parameters = torch::empty({2, input.size(0), input.size(1)}, torch::kDouble);
    const auto run = [&](auto element, auto scalar)
    {
      BackwardRows<decltype(element), decltype(scalar)>(input,
                                                        saved[1],
                                                        saved[2],
                                                        options,
                                                        saved[3],
                                                        gradient,
                                                        saved[4],
                                                        inputGradient,
                                                        residualGradient,
                                                        parameters);
    };
    switch (input.scalar_type())
    {
    case torch::kFloat:
      run(float{}, float{});
      break;
    case torch::kBFloat16:
      run(c10::BFloat16{}, float{});
      break;
    default:
      run(double{}, double{});
    }
    const Tensor sums = parameters.sum(1).to(saved[1].scalar_type());
    return {inputGradient, sums[0], sums[1], residualGradient, {}, {}, {}};
  }
};

bool
HasKernel(const Tensor & input)
{
  const auto type = input.scalar_type();
  return input.device().is_cpu() && input.numel() > 0 &&
         (type == torch::kFloat || type == torch::kBFloat16 || type == torch::kDouble);
}

} // namespace

ReferenceKernels::ReferenceKernels() : m_Previous(referenceKernels)
{
  referenceKernels = true;
}

ReferenceKernels::~ReferenceKernels()
{
  referenceKernels = m_Previous;
}

bool
ReferenceKernels::Active()
{
  return referenceKernels;
}

Tensor
NormActivation(const Tensor & input,
               const Tensor & weight,
               const Tensor & bias,
               const Tensor & residual,
               const NormActivationOptions & options)
{
  if (input.dim() < 3 || options.groups < 1 || input.size(1) % options.groups != 0)
  {
    throw UsageError(Message("group norm: ",
                             input.dim() > 1 ? input.size(1) : 0,
                             " channels cannot form ",
                             options.groups,
                             " groups"));
  }
  if (ReferenceKernels::Active() || !HasKernel(input))
  {
    return NormActivationReference(input, weight, bias, residual, options);
  }
  const bool channelsLast = HasChannelsLastKernel(input);
  const auto layout =
      channelsLast ? torch::MemoryFormat::ChannelsLast3d : torch::MemoryFormat::Contiguous;
  const Tensor added = residual.defined() ? residual.to(input.scalar_type()).contiguous(layout)
                                          : torch::empty({0}, input.options());
  return NormActivationFunction::apply(input.contiguous(layout),
                                       weight,
                                       bias,
                                       added,
                                       options.groups,
                                       options.slope,
                                       options.epsilon);
}

Tensor
NormActivationReference(const Tensor & input,
                        const Tensor & weight,
                        const Tensor & bias,
                        const Tensor & residual,
                        const NormActivationOptions & options)
{
  Tensor value = torch::group_norm(input, options.groups, weight, bias, options.epsilon);
  if (residual.defined())
  {
    value = value + residual;
  }
  return options.slope == 1.0 ? value : torch::leaky_relu(value, options.slope);
}

} // namespace sulcus
