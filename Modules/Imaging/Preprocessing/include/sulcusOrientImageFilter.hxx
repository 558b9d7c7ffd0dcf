#pragma once

#include "sulcusFilterPieces.h"
#include "sulcusOrientImageFilter.h"

namespace sulcus
{

template <typename TImage>
void
OrientImageFilter<TImage>::SetOrientation(const std::string & code)
{
  AxisOrderBetween(code, code); // refuses a bad code before any work
  m_Orientation = code;
  m_OrderIsGiven = false;
  this->Modified();
}

template <typename TImage>
void
OrientImageFilter<TImage>::SetAxisOrder(const AxisOrder & order)
{
  m_Order = order;
  m_OrderIsGiven = true;
  this->Modified();
}

template <typename TImage>
void
OrientImageFilter<TImage>::GenerateOutputInformation()
{
  Superclass::GenerateOutputInformation();
  const ImageGrid grid = GridOf(this->GetInput());
  if (!m_OrderIsGiven)
  {
    m_Order = AxisOrderBetween(OrientationCode(grid), m_Orientation);
  }
  SetGrid(this->GetOutput(), Reordered(grid, m_Order));
}

template <typename TImage>
void
OrientImageFilter<TImage>::GenerateData()
{
  this->AllocateOutputs();
  const auto * input = this->GetInput();
  auto * output = this->GetOutput();
  const auto inputSize = input->GetBufferedRegion().GetSize();
  const auto size = output->GetBufferedRegion().GetSize();
  const std::ptrdiff_t inputStride[3] = {1,
                                         static_cast<std::ptrdiff_t>(inputSize[0]),
                                         static_cast<std::ptrdiff_t>(inputSize[0] * inputSize[1])};
  std::ptrdiff_t stride[3]; // in the input, for one step along an output axis
  const auto * source = input->GetBufferPointer();
  for (unsigned int i = 0; i < 3; ++i)
  {
    const unsigned int from = m_Order.source[i];
    stride[i] = inputStride[from];
    if (m_Order.flipped[i] && size[i] > 0)
    {
      source += static_cast<std::ptrdiff_t>(size[i] - 1) * stride[i];
      stride[i] = -stride[i];
    }
  }
  // Tiles over output x and the output axis along which the input is contiguous keep both sides in
  // cache.
  const unsigned int near = m_Order.source[1] == 0 ? 1 : (m_Order.source[2] == 0 ? 2 : 1);
  const unsigned int far = 3 - near;
  const std::size_t outputStride[3] = {1, size[0], size[0] * size[1]};
  auto * target = output->GetBufferPointer();
  constexpr std::size_t tile = 32;
  ForEachPiece(*this,
               size[far],
               size[0] * size[near],
               0.0F,
               1.0F,
               [&](std::size_t begin, std::size_t end)
               {
                 for (std::size_t k = begin; k < end; ++k)
                 {
                   for (std::size_t y0 = 0; y0 < size[near]; y0 += tile)
                   {
                     for (std::size_t x0 = 0; x0 < size[0]; x0 += tile)
                     {
                       const std::size_t y1 = std::min<std::size_t>(y0 + tile, size[near]);
                       const std::size_t x1 = std::min<std::size_t>(x0 + tile, size[0]);
                       for (std::size_t y = y0; y < y1; ++y)
                       {
                         auto * row = target + k * outputStride[far] + y * outputStride[near];
                         const auto * from = source + static_cast<std::ptrdiff_t>(k) * stride[far] +
                                             static_cast<std::ptrdiff_t>(y) * stride[near];
                         for (std::size_t x = x0; x < x1; ++x)
                         {
                           row[x] = from[static_cast<std::ptrdiff_t>(x) * stride[0]];
                         }
                       }
                     }
                   }
                 }
               });
}

template <typename TImage>
void
OrientImageFilter<TImage>::PrintSelf(std::ostream & os, itk::Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Orientation: " << m_Orientation << '\n';
}

} // namespace sulcus
