#pragma once

#include "sulcusFilterPieces.h"
#include "sulcusGridResampleImageFilter.h"
#include "sulcusOrientImageFilter.h"
#include "sulcusTapRows.h"
#include <sulcusError.h>

namespace sulcus
{

template <typename TInputImage, typename TOutputImage>
void
GridResampleImageFilter<TInputImage, TOutputImage>::GenerateData()
{
  if (GridOf(this->GetInput()).VoxelCount() == 0)
  {
    throw UsageError("resample: the input image is empty");
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

template <typename TInputImage, typename TOutputImage>
void
GridResampleImageFilter<TInputImage, TOutputImage>::ResampleByAxes(const GridMapping & mapping)
{
  typename TInputImage::ConstPointer input = this->GetInput();
  const AxisOrder order{mapping.source, {}};
  if (!order.IsIdentity())
  {
    auto aligned = OrientImageFilter<TInputImage>::New();
    aligned->SetInput(input);
    aligned->SetAxisOrder(order);
    aligned->SetNumberOfWorkUnits(this->GetNumberOfWorkUnits());
    aligned->Update();
    input = aligned->GetOutput();
  }
  const auto inputSize = input->GetBufferedRegion().GetSize();
  const auto outputSize = this->GetOutput()->GetBufferedRegion().GetSize();
  TapsOfAxes taps;
  std::array<bool, 3> coefficients{};
  for (unsigned int i = 0; i < 3; ++i)
  {
    taps[i] = MakeAxisTaps(inputSize[i],
                           outputSize[i],
                           mapping.Scale(i),
                           mapping.Offset(i),
                           m_Interpolation[mapping.source[i]],
                           m_Antialias);
    coefficients[i] = taps[i].needsCoefficients;
  }
  auto * target = this->GetOutput()->GetBufferPointer();
  if (coefficients == std::array<bool, 3>{})
  {
    RunTaps(
        input->GetBufferPointer(), inputSize, target, outputSize, taps, !m_ExtendEdges, 0.0F, 1.0F);
    return;
  }
  const auto spline = FloatCopy(input);
  MakeCoefficients(spline, coefficients);
  RunTaps(
      spline->GetBufferPointer(), inputSize, target, outputSize, taps, !m_ExtendEdges, 0.5F, 1.0F);
}

template <typename TInputImage, typename TOutputImage>
auto
GridResampleImageFilter<TInputImage, TOutputImage>::FloatCopy(const TInputImage * input) const ->
    typename FloatBuffer::Pointer
{
  auto copy = FloatBuffer::New();
  copy->SetRegions(input->GetBufferedRegion().GetSize());
  copy->Allocate();
  const auto * source = input->GetBufferPointer();
  std::transform(source,
                 source + input->GetBufferedRegion().GetNumberOfPixels(),
                 copy->GetBufferPointer(),
                 [](InputPixelType value) { return static_cast<float>(value); });
  return copy;
}

template <typename TInputImage, typename TOutputImage>
void
GridResampleImageFilter<TInputImage, TOutputImage>::MakeCoefficients(
    FloatBuffer * image, const std::array<bool, 3> & axes)
{
  const auto size = image->GetBufferedRegion().GetSize();
  const std::size_t plane = size[0] * size[1];
  float * values = image->GetBufferPointer();
  if (axes[0] || axes[1])
  {
    ForEachPiece(*this,
                 size[2],
                 plane,
                 0.0F,
                 0.3F,
                 [&](std::size_t begin, std::size_t end)
                 {
                   for (std::size_t z = begin; z < end; ++z)
                   {
                     if (axes[0])
                     {
                       RowCoefficients(values + z * plane, size[0], size[1]);
                     }
                     if (axes[1])
                     {
                       BSplineCoefficients(values + z * plane, size[1], size[0], size[0]);
                     }
                   }
                 });
  }
  if (axes[2])
  {
    ForEachPiece(*this,
                 size[1],
                 size[0] * size[2],
                 0.3F,
                 0.5F,
                 [&](std::size_t begin, std::size_t end)
                 {
                   for (std::size_t y = begin; y < end; ++y)
                   {
                     BSplineCoefficients(values + y * size[0], size[2], plane, size[0]);
                   }
                 });
  }
}

template <typename TInputImage, typename TOutputImage>
template <typename TSource, typename TTarget>
void
GridResampleImageFilter<TInputImage, TOutputImage>::RunTaps(const TSource * source,
                                                            const itk::Size<3> & sourceSize,
                                                            TTarget * target,
                                                            const itk::Size<3> & targetSize,
                                                            const TapsOfAxes & taps,
                                                            bool fillOutside,
                                                            float progressBegin,
                                                            float progressEnd)
{
  const std::size_t sourcePlane = sourceSize[0] * sourceSize[1];
  const std::size_t targetPlane = targetSize[0] * targetSize[1];
  const auto fill = static_cast<TTarget>(m_FillValue);
  ForEachPiece(*this,
               targetSize[2],
               targetPlane,
               progressBegin,
               progressEnd,
               [&](std::size_t begin, std::size_t end)
               {
                 std::vector<float> plane(sourcePlane);
                 std::vector<float> row(sourceSize[0]);
                 std::vector<float> line(targetSize[0]);
                 for (std::size_t z = begin; z < end; ++z)
                 {
                   TTarget * out = target + z * targetPlane;
                   if (fillOutside && (z < taps[2].insideBegin || z >= taps[2].insideEnd))
                   {
                     std::fill(out, out + targetPlane, fill);
                     continue;
                   }
                   CombineLines(taps[2], z, source, sourcePlane, sourcePlane, plane.data());
                   for (std::size_t y = 0; y < targetSize[1]; ++y, out += targetSize[0])
                   {
                     if (fillOutside && (y < taps[1].insideBegin || y >= taps[1].insideEnd))
                     {
                       std::fill(out, out + targetSize[0], fill);
                       continue;
                     }
                     const float * values = plane.data() + y * sourceSize[0];
                     if (!taps[1].identity)
                     {
                       CombineLines(
                           taps[1], y, plane.data(), sourceSize[0], sourceSize[0], row.data());
                       values = row.data();
                     }
                     if (!taps[0].identity)
                     {
                       TapRow(taps[0], values, line.data());
                       values = line.data();
                     }
                     StoreRow(values, targetSize[0], out);
                     if (fillOutside)
                     {
                       std::fill(out, out + taps[0].insideBegin, fill);
                       std::fill(out + taps[0].insideEnd, out + targetSize[0], fill);
                     }
                   }
                 }
               });
}

template <typename TInputImage, typename TOutputImage>
void
GridResampleImageFilter<TInputImage, TOutputImage>::ResampleByVoxels(const GridMapping & mapping)
{
  const auto inputSize = this->GetInput()->GetBufferedRegion().GetSize();
  const auto size = this->GetOutput()->GetBufferedRegion().GetSize();
  typename FloatBuffer::Pointer values = FloatCopy(this->GetInput());
  TapsOfAxes smoothing;
  std::array<bool, 3> coefficients{};
  bool smooth = false;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto & row = mapping.matrix[axis];
    const double stretch = std::max({std::abs(row[0]), std::abs(row[1]), std::abs(row[2])});
    const bool averaged = m_Antialias && m_Interpolation[axis] != Interpolation::Nearest;
    smoothing[axis] = MakeSmoothingTaps(inputSize[axis], averaged ? stretch : 1.0);
    smooth = smooth || !smoothing[axis].identity;
    coefficients[axis] = m_Interpolation[axis] == Interpolation::CubicBSpline;
  }
  if (smooth)
  {
    const auto smoothed = FloatCopy(this->GetInput());
    RunTaps(values->GetBufferPointer(),
            inputSize,
            smoothed->GetBufferPointer(),
            inputSize,
            smoothing,
            false,
            0.0F,
            0.1F);
    values = smoothed;
  }
  MakeCoefficients(values, coefficients);
  const PointSampler sampler(
      values->GetBufferPointer(), {inputSize[0], inputSize[1], inputSize[2]}, m_Interpolation);
  auto * target = this->GetOutput()->GetBufferPointer();
  ForEachPiece(*this,
               size[1] * size[2],
               size[0],
               0.5F,
               1.0F,
               [&](std::size_t begin, std::size_t end)
               {
                 std::vector<float> line(size[0]);
                 for (std::size_t number = begin; number < end; ++number)
                 {
                   const double index[3] = {0.0,
                                            static_cast<double>(number % size[1]),
                                            static_cast<double>(number / size[1])};
                   OutputPixelType * out = target + number * size[0];
                   std::fill(out, out + size[0], m_FillValue);
                   for (std::size_t x = 0; x < size[0]; ++x)
                   {
                     double position[3];
                     for (unsigned int row = 0; row < 3; ++row)
                     {
                       const auto & m = mapping.matrix[row];
                       position[row] = m[0] * static_cast<double>(x) + m[1] * index[1] +
                                       m[2] * index[2] + mapping.offset[row];
                     }
                     if (m_ExtendEdges || sampler.IsInside(position))
                     {
                       const float value = sampler.At(position);
                       StoreRow(&value, 1, out + x);
                     }
                   }
                 }
               });
}

template <typename TInputImage, typename TOutputImage>
void
GridResampleImageFilter<TInputImage, TOutputImage>::PrintSelf(std::ostream & os,
                                                              itk::Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Antialias: " << m_Antialias << '\n'
     << indent << "ExtendEdges: " << m_ExtendEdges << '\n';
}

} // namespace sulcus
