#pragma once

#include <torch/types.h>

#include <cstdint>

namespace sulcus
{

/** Constants of a group norm followed by a leaky ReLU. */
struct NormActivationOptions
{
  std::int64_t groups = 1; ///< divides the channel count; one group a channel is instance norm
  double slope = 0.01;     ///< of the leaky ReLU below zero; 1: no activation; must be > 0
  double epsilon = 1e-5;
};

/** leaky_relu(group_norm(input) · weight + bias + residual), in one pass over memory instead of
 * three.
 *
 * \param input [N, C, z, y, x] float, bfloat16 or double. \param weight, bias [C], float (double
 * for a double input). \param residual like input, or undefined. Differentiable once in input,
 * weight, bias and residual. On the CPU, maps of a multiple of 16 channels run in a kernel of its
 * own and come back channels-last: statistics are accumulated in double in a fixed order, so the
 * result does not depend on the number of threads. Anything else is NormActivationReference. Group
 * norm: Wu and He 2018. \throws UsageError if the channels
 * cannot be divided into the groups. */
torch::Tensor
NormActivation(const torch::Tensor & input,
               const torch::Tensor & weight,
               const torch::Tensor & bias,
               const torch::Tensor & residual,
               const NormActivationOptions & options);

/** The same value, composed of LibTorch's own operations; bfloat16 on the CPU is computed in float
 * and rounded once. */
torch::Tensor
NormActivationReference(const torch::Tensor & input,
                        const torch::Tensor & weight,
                        const torch::Tensor & bias,
                        const torch::Tensor & residual,
                        const NormActivationOptions & options);

/** While it lives, NormActivation on this thread is NormActivationReference: for tests and
 * benchmarks. */
class ReferenceKernels
{
public:
  ReferenceKernels();
  ~ReferenceKernels();
  ReferenceKernels(const ReferenceKernels &) = delete;
  ReferenceKernels &
  operator=(const ReferenceKernels &) = delete;

  static bool
  Active();

private:
  bool m_Previous;
};

} // namespace sulcus
