#pragma once

#include "sulcusCropPadImageFilter.h"
#include "sulcusFilterPieces.h"
#include <sulcusError.h>

namespace sulcus
{

template <typename TImage>
void
CropPadImageFilter<TImage>::SetPadding(const OffsetType & low, const OffsetType & high)
{
  auto * input = const_cast<TImage *>(this->GetInput());
  input->UpdateOutputInformation();
  const auto & size = input->GetLargestPossibleRegion().GetSize();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto wanted = static_cast<itk::OffsetValueType>(size[axis]) + low[axis] + high[axis];
    m_Start[axis] = -low[axis];
    m_Size[axis] = static_cast<itk::SizeValueType>(std::max<itk::OffsetValueType>(0, wanted));
  }
  this->Modified();
}

template <typename TImage>
void
CropPadImageFilter<TImage>::VerifyPreconditions() ITKv5_CONST
{
  Superclass::VerifyPreconditions();
  if (m_Size[0] == 0 || m_Size[1] == 0 || m_Size[2] == 0)
  {
    throw UsageError(Message("crop or pad: the box has size ",
                             m_Size[0],
                             "x",
                             m_Size[1],
                             "x",
                             m_Size[2],
                             ", need at least 1x1x1"));
  }
}

template <typename TImage>
void
CropPadImageFilter<TImage>::GenerateOutputInformation()
{
  Superclass::GenerateOutputInformation();
  SetGrid(this->GetOutput(), BoxGrid(GridOf(this->GetInput()), m_Start, m_Size));
}

template <typename TImage>
void
CropPadImageFilter<TImage>::GenerateData()
{
  this->AllocateOutputs();
  const auto have = this->GetInput()->GetBufferedRegion().GetSize();
  const auto * source = this->GetInput()->GetBufferPointer();
  auto * target = this->GetOutput()->GetBufferPointer();
  itk::OffsetValueType begin[3]; // of the part of the box inside the input, in output indices
  itk::OffsetValueType end[3];
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto length = static_cast<itk::OffsetValueType>(m_Size[axis]);
    begin[axis] = std::clamp<itk::OffsetValueType>(-m_Start[axis], 0, length);
    end[axis] = std::clamp<itk::OffsetValueType>(
        static_cast<itk::OffsetValueType>(have[axis]) - m_Start[axis], begin[axis], length);
  }
  ForEachPiece(*this,
               m_Size[1] * m_Size[2],
               m_Size[0],
               0.0F,
               1.0F,
               [&](std::size_t first, std::size_t last)
               {
                 for (std::size_t line = first; line < last; ++line)
                 {
                   const auto y = static_cast<itk::OffsetValueType>(line % m_Size[1]);
                   const auto z = static_cast<itk::OffsetValueType>(line / m_Size[1]);
                   auto * row = target + line * m_Size[0];
                   if (y < begin[1] || y >= end[1] || z < begin[2] || z >= end[2] ||
                       begin[0] == end[0])
                   {
                     std::fill(row, row + m_Size[0], m_FillValue);
                     continue;
                   }
                   const auto inputLine = static_cast<std::size_t>(z + m_Start[2]) * have[1] +
                                          static_cast<std::size_t>(y + m_Start[1]);
                   const auto * from = source + inputLine * have[0] + (begin[0] + m_Start[0]);
                   std::fill(row, row + begin[0], m_FillValue);
                   std::copy(from, from + (end[0] - begin[0]), row + begin[0]);
                   std::fill(row + end[0], row + m_Size[0], m_FillValue);
                 }
               });
}

template <typename TImage>
void
CropPadImageFilter<TImage>::PrintSelf(std::ostream & os, itk::Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Start: " << m_Start << '\n' << indent << "Size: " << m_Size << '\n';
}

} // namespace sulcus
