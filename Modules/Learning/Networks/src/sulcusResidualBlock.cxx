#include "sulcusResidualBlock.h"

#include "sulcusAveragePooling.h"

#include <torch/types.h>

namespace sulcus
{

ResidualBlockImpl::ResidualBlockImpl(std::int64_t inputs,
                                     std::int64_t outputs,
                                     const Triple & kernel,
                                     const Triple & stride,
                                     int groups,
                                     double dropout)
    : m_Stride(stride), m_Dropout(dropout)
{
  m_First = register_module("first", Convolution(inputs, outputs, kernel, stride));
  m_FirstNorm = register_module("firstNorm", Normalisation(outputs, groups));
  m_Second = register_module("second", Convolution(outputs, outputs, kernel));
  m_SecondNorm = register_module("secondNorm", Normalisation(outputs, groups));
  if (inputs != outputs)
  {
    m_Shortcut = register_module("shortcut", Convolution(inputs, outputs, Triple{1, 1, 1}));
  }
}

torch::Tensor
ResidualBlockImpl::Shortcut(const torch::Tensor & input)
{
  torch::Tensor value = input;
  if (m_Stride != Triple{1, 1, 1})
  {
    value = AveragePooling(ChannelsLast(value), m_Stride);
  }
  return m_Shortcut ? m_Shortcut(value) : value;
}

torch::Tensor
ResidualBlockImpl::forward(const torch::Tensor & input)
{
  torch::Tensor value = m_FirstNorm(m_First(input));
  if (m_Dropout > 0 && is_training())
  {
    value = torch::feature_dropout(value, m_Dropout, true);
  }
  return m_SecondNorm(m_Second(value), Shortcut(input));
}

} // namespace sulcus
