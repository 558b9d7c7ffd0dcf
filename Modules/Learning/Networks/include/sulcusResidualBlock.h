#pragma once

#include "sulcusConvolution.h"

namespace sulcus
{

/** Two convolutions with norm and leaky ReLU, and a shortcut around them (He et al. 2016).
 *
 * The first convolution may stride; the shortcut then averages over the stride, and a 1×1×1
 * convolution matches the channels where they differ. Parameters: first, firstNorm, second,
 * secondNorm and, where needed, shortcut. */
class ResidualBlockImpl : public torch::nn::Module
{
public:
  /** \param dropout probability of dropping whole channels between the convolutions, while
   * training. */
  ResidualBlockImpl(std::int64_t inputs,
                    std::int64_t outputs,
                    const Triple & kernel,
                    const Triple & stride,
                    int groups,
                    double dropout = 0.0);

  /** [N, inputs, z, y, x] -> [N, outputs, ⌈z/sz⌉, ⌈y/sy⌉, ⌈x/sx⌉]. */
  torch::Tensor
  forward(const torch::Tensor & input);

private:
  torch::Tensor
  Shortcut(const torch::Tensor & input);

  Triple m_Stride;
  double m_Dropout;
  Convolution m_First{nullptr};
  Convolution m_Second{nullptr};
  Convolution m_Shortcut{nullptr};
  Normalisation m_FirstNorm{nullptr};
  Normalisation m_SecondNorm{nullptr};
};
TORCH_MODULE(ResidualBlock);

} // namespace sulcus
