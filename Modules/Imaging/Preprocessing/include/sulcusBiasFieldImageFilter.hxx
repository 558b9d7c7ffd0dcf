#pragma once

#include "sulcusBiasFieldImageFilter.h"
#include "sulcusFilterPieces.h"

#include <cmath>

namespace sulcus
{

template <typename TImage>
void
BiasFieldImageFilter<TImage>::GenerateData()
{
  this->AllocateOutputs();
  const TImage * input = this->GetInput();
  const auto image = NewImage<FloatImage>(GridOf(input));
  const std::size_t count = input->GetBufferedRegion().GetNumberOfPixels();
  std::transform(input->GetBufferPointer(),
                 input->GetBufferPointer() + count,
                 image->GetBufferPointer(),
                 [](auto v) { return static_cast<float>(v); });
  MaskImage::ConstPointer mask = this->GetMaskImage();
  if (mask.IsNull())
  {
    mask = ForegroundMask(image);
  }
  m_LogField = EstimateLogBiasField(image,
                                    mask,
                                    m_Options,
                                    [this](double done)
                                    {
                                      if (this->GetAbortGenerateData())
                                      {
                                        throw itk::ProcessAborted(__FILE__, __LINE__);
                                      }
                                      this->UpdateProgress(static_cast<float>(0.9 * done));
                                    });
  const float * values = image->GetBufferPointer();
  const float * field = m_LogField->GetBufferPointer();
  float * out = this->GetOutput()->GetBufferPointer();
  ForEachPiece(*this,
               count,
               1,
               0.9F,
               1.0F,
               [&](std::size_t begin, std::size_t end)
               {
                 for (std::size_t i = begin; i < end; ++i)
                 {
                   out[i] = values[i] / std::exp(field[i]);
                 }
               });
}

} // namespace sulcus
