#pragma once

#include "sulcusFilterPieces.h"
#include "sulcusLabelResampleImageFilter.h"
#include "sulcusLabelVote.h"
#include "sulcusOrientImageFilter.h"
#include <sulcusError.h>

#include <cmath>

namespace sulcus
{

template <typename TImage>
void
LabelResampleImageFilter<TImage>::GenerateData()
{
  if (GridOf(this->GetInput()).VoxelCount() == 0)
  {
    throw UsageError("resample: the input label map is empty");
  }
  this->AllocateOutputs();
  const GridMapping mapping = this->InputFromOutput();
  if (mapping.separable)
  {
    ResampleByAxes(mapping);
  }
  else
  {
    ResampleByVoxels(mapping);
  }
}

template <typename TImage>
void
LabelResampleImageFilter<TImage>::ResampleByAxes(const GridMapping & mapping)
{
  typename TImage::ConstPointer input = this->GetInput();
  const AxisOrder order{mapping.source, {}};
  if (!order.IsIdentity())
  {
    auto aligned = OrientImageFilter<TImage>::New();
    aligned->SetInput(input);
    aligned->SetAxisOrder(order);
    aligned->SetNumberOfWorkUnits(this->GetNumberOfWorkUnits());
    aligned->Update();
    input = aligned->GetOutput();
  }
  const auto have = input->GetBufferedRegion().GetSize();
  const auto size = this->GetOutput()->GetBufferedRegion().GetSize();
  const auto kernel = m_Interpolation == LabelInterpolation::Nearest ? Interpolation::Nearest
                                                                     : Interpolation::Linear;
  std::array<AxisTaps, 3> taps;
  std::array<std::size_t, 3> begin{0, 0, 0};
  std::array<std::size_t, 3> end{size[0], size[1], size[2]};
  for (unsigned int i = 0; i < 3; ++i)
  {
    taps[i] = MakeAxisTaps(have[i], size[i], mapping.Scale(i), mapping.Offset(i), kernel, true);
    if (!m_ExtendEdges)
    {
      begin[i] = taps[i].insideBegin;
      end[i] = taps[i].insideEnd;
    }
  }
  const PixelType * source = input->GetBufferPointer();
  PixelType * target = this->GetOutput()->GetBufferPointer();
  ForEachPiece(*this,
               size[1] * size[2],
               size[0],
               0.0F,
               1.0F,
               [&](std::size_t first, std::size_t last)
               {
                 LabelVote<PixelType> vote;
                 for (std::size_t line = first; line < last; ++line)
                 {
                   const std::size_t y = line % size[1];
                   const std::size_t z = line / size[1];
                   PixelType * row = target + line * size[0];
                   std::fill(row, row + size[0], m_FillValue);
                   if (y >= begin[1] && y < end[1] && z >= begin[2] && z < end[2])
                   {
                     const auto lines = TapLines(taps[1], y, taps[2], z, have[1], have[0]);
                     VoteAlongRow(taps[0], begin[0], end[0], lines, source, vote, row);
                   }
                 }
               });
}

template <typename TImage>
void
LabelResampleImageFilter<TImage>::ResampleByVoxels(const GridMapping & mapping)
{
  const auto have = this->GetInput()->GetBufferedRegion().GetSize();
  const auto size = this->GetOutput()->GetBufferedRegion().GetSize();
  const PixelType * source = this->GetInput()->GetBufferPointer();
  PixelType * target = this->GetOutput()->GetBufferPointer();
  const VoxelNeighbours neighbours({have[0], have[1], have[2]},
                                   m_Interpolation == LabelInterpolation::Nearest);
  ForEachPiece(*this,
               size[1] * size[2],
               size[0],
               0.0F,
               1.0F,
               [&](std::size_t begin, std::size_t end)
               {
                 LabelVote<PixelType> vote;
                 for (std::size_t line = begin; line < end; ++line)
                 {
                   const auto y = static_cast<double>(line % size[1]);
                   const auto z = static_cast<double>(line / size[1]);
                   for (std::size_t x = 0; x < size[0]; ++x)
                   {
                     double position[3];
                     for (unsigned int row = 0; row < 3; ++row)
                     {
                       const auto & m = mapping.matrix[row];
                       position[row] = m[0] * static_cast<double>(x) + m[1] * y + m[2] * z +
                                       mapping.offset[row];
                     }
                     PixelType & out = target[line * size[0] + x];
                     if (!m_ExtendEdges && !neighbours.IsInside(position))
                     {
                       out = m_FillValue;
                       continue;
                     }
                     vote.Clear();
                     for (const auto & [offset, weight] : neighbours.At(position))
                     {
                       vote.Add(source[offset], weight);
                     }
                     out = vote.Winner();
                   }
                 }
               });
}

template <typename TImage>
void
LabelResampleImageFilter<TImage>::PrintSelf(std::ostream & os, itk::Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent
     << "Interpolation: " << (m_Interpolation == LabelInterpolation::Nearest ? "nearest" : "vote")
     << '\n';
}

} // namespace sulcus
