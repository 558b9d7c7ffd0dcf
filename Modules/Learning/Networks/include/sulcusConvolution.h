#pragma once

#include "sulcusConvolve.h"

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

namespace sulcus
{

/** The map [N, C, z, y, x] with its channels next to each other in memory (strides included where
 * there is one channel only): convolutions and kernels are about twice as fast so. No copy if it is
 * so already. */
torch::Tensor
ChannelsLast(const torch::Tensor & map);

/** A 1 x 1 x 1 convolution as one matrix product over all voxels. \param weight [out, in, 1, 1, 1].
 * \param bias [out] or undefined. The result is channels-last. */
torch::Tensor
PointwiseConvolution(const torch::Tensor & input,
                     const torch::Tensor & weight,
                     const torch::Tensor & bias = {});

/** A 3-D convolution without bias whose padding keeps ceil(size / stride) voxels along each axis;
 * kernels are odd. Weight [out, in, kz, ky, kx], He initialisation (He et al. 2015) for the leaky
 * ReLU that follows. */
class ConvolutionImpl : public torch::nn::Module
{
public:
  ConvolutionImpl(std::int64_t inputs,
                  std::int64_t outputs,
                  const Triple & kernel,
                  const Triple & stride = {1, 1, 1});

  torch::Tensor
  forward(const torch::Tensor & input);

  torch::Tensor weight;

private:
  Triple m_Stride;
  Triple m_Padding;
};
TORCH_MODULE(Convolution);

/** The transposed convolution whose kernel is its stride: every coarse voxel paints a block of fine
 * ones. No bias. Weight [in, out, sz, sy, sx] as LibTorch's. */
class UpsamplingImpl : public torch::nn::Module
{
public:
  UpsamplingImpl(std::int64_t inputs, std::int64_t outputs, const Triple & stride);

  torch::Tensor
  forward(const torch::Tensor & input);

  torch::Tensor weight;

private:
  Triple m_Stride;
};
TORCH_MODULE(Upsampling);

/** Group norm with learned scale and shift, an optional addition, and a leaky ReLU: the module of
 * NormActivation. */
class NormalisationImpl : public torch::nn::Module
{
public:
  /** \param groups of the group norm; 0: one a channel. */
  NormalisationImpl(std::int64_t channels, int groups);

  /** \param slope of the leaky ReLU; 1 for none. */
  torch::Tensor
  forward(const torch::Tensor & input, const torch::Tensor & residual = {}, double slope = 0.01);

  torch::Tensor weight;
  torch::Tensor bias;

private:
  std::int64_t m_Groups;
};
TORCH_MODULE(Normalisation);

} // namespace sulcus
