#pragma once

#include <sulcusSegmentationNetwork.h>

namespace sulcus
{

/** [N, C, z, y, x] -> every voxel repeated along each axis, cut to the size of `like`. */
torch::Tensor
RepeatToSize(const torch::Tensor & coarse, const Triple & stride, const torch::Tensor & like);

/** The decoder that repaints: 1×1×1 convolution to the finer level's width, repetition to its
 * size, the joined features added, k×k×k convolution, norm and leaky ReLU; a linear head a scale.
 *
 * Repetition followed by a convolution leaves no checkerboard (Odena et al. 2016), and unlike
 * trilinear interpolation its gradient is deterministic on a GPU. One wide convolution a level:
 * a third of the segmentation decoder's work. */
class InpaintingDecoderImpl : public torch::nn::Module
{
public:
  /** \param channels of the image. \param scales outputs: full resolution and the scales below. */
  InpaintingDecoderImpl(const NetworkPlan & plan, std::int64_t channels, int scales);

  /** \param levels one map a level, finest first. Returns `scales` images, finest first, float. */
  std::vector<torch::Tensor>
  forward(const std::vector<torch::Tensor> & levels);

private:
  std::vector<Triple> m_Strides; ///< of block b
  torch::nn::ModuleList m_Reduce;
  torch::nn::ModuleList m_Convolutions;
  torch::nn::ModuleList m_Norms;
  torch::nn::ModuleList m_Heads; ///< finest first
};
TORCH_MODULE(InpaintingDecoder);

} // namespace sulcus
