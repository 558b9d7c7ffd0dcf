#pragma once

#include "sulcusNormActivation.h"

namespace sulcus
{

/** Whether the kernels for channels-last maps can take it, once it is channels-last: [N, C, z, y,
 * x] on the CPU, C a multiple of 16. */
bool
HasChannelsLastKernel(const torch::Tensor & map);

struct NormForwardResult
{
  torch::Tensor output;
  torch::Tensor moments; ///< [N · groups, 2] double: mean and 1 / sqrt(variance + epsilon)
};

/** NormActivation of a channels-last map; the result has its layout. */
NormForwardResult
ChannelsLastNormForward(const torch::Tensor & input,
                        const torch::Tensor & weight,
                        const torch::Tensor & bias,
                        const torch::Tensor & residual,
                        const NormActivationOptions & options);

struct NormGradients
{
  torch::Tensor input;
  torch::Tensor residual;   ///< undefined unless the forward pass had one
  torch::Tensor parameters; ///< [2, N, C] double: of weight and bias, by sample
};

/** \param output of the forward pass, undefined if that had no residual. */
NormGradients
ChannelsLastNormBackward(const torch::Tensor & input,
                         const torch::Tensor & weight,
                         const torch::Tensor & bias,
                         const torch::Tensor & moments,
                         const torch::Tensor & gradient,
                         const torch::Tensor & output,
                         const NormActivationOptions & options);

} // namespace sulcus
