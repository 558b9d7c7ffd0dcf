#include "sulcusNormActivation.h"

#include "sulcusChannelsLastNorm.h"
#include "sulcusConvolution.h"
#include <sulcusError.h>

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

namespace sulcus
{
namespace
{

thread_local bool referenceKernels = false;

using torch::Tensor;

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
    const auto made = ChannelsLastNormForward(input, weight, bias, residual, options);
    context->save_for_backward(
        {input, weight, bias, made.moments, residual.defined() ? made.output : Tensor()});
    return made.output;
  }

  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext * context, torch::autograd::variable_list gradients)
  {
    const auto saved = context->get_saved_variables();
    const Tensor & input = saved[0];
    const NormActivationOptions options{context->saved_data["groups"].toInt(),
                                        context->saved_data["slope"].toDouble(),
                                        context->saved_data["epsilon"].toDouble()};
    const Tensor gradient = ChannelsLast(gradients[0].to(input.scalar_type()));
    const auto made =
        ChannelsLastNormBackward(input, saved[1], saved[2], saved[3], gradient, saved[4], options);
    const Tensor sums = made.parameters.sum(1).to(saved[1].scalar_type());
    return {made.input, sums[0], sums[1], made.residual, {}, {}, {}};
  }
};

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
  if (ReferenceKernels::Active() || !HasChannelsLastKernel(input))
  {
    return NormActivationReference(input, weight, bias, residual, options);
  }
  const Tensor added = residual.defined() ? ChannelsLast(residual.to(input.scalar_type()))
                                          : torch::empty({0}, input.options());
  return NormActivationFunction::apply(
      ChannelsLast(input), weight, bias, added, options.groups, options.slope, options.epsilon);
}

Tensor
NormActivationReference(const Tensor & input,
                        const Tensor & weight,
                        const Tensor & bias,
                        const Tensor & residual,
                        const NormActivationOptions & options)
{
  const bool narrow = input.scalar_type() == torch::kBFloat16 && input.device().is_cpu();
  Tensor value = torch::group_norm(
      narrow ? input.to(torch::kFloat) : input, options.groups, weight, bias, options.epsilon);
  if (residual.defined())
  {
    value = value + residual;
  }
  value = options.slope == 1.0 ? value : torch::leaky_relu(value, options.slope);
  return value.to(input.scalar_type()); // rounded once
}

} // namespace sulcus
