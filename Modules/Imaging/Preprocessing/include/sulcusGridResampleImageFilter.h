#pragma once

#include "sulcusAxisTaps.h"
#include "sulcusReferenceGridImageFilter.h"

namespace sulcus
{

/** Resamples an intensity image to a spacing, a grid or the grid of another image.
 *
 * Between grids whose axes are parallel (in any order and direction) the work is done axis by axis,
 * one output plane at a time with all temporaries in cache; between oblique grids voxel by voxel.
 * Both give what itk::ResampleImageFilter gives with the same interpolation, to float rounding.
 * Never use it for labels.
 *
 *  - Interpolation: one for all, or one for each axis of the input, e.g. linear across thick
 * slices.
 *  - Antialias (default on): where the output is coarser than the input, voxels are averaged
 * instead of skipped (see MakeAxisTaps). Between oblique grids the input is first smoothed with a
 * triangle along its own axes.
 *  - Outside the input (more than half a voxel beyond its outermost centres) the output is
 * FillValue, or with ExtendEdges the image continued: mirrored for the B-spline, its edge voxel
 * otherwise.
 *
 * Integer outputs are rounded and clamped to their range. Memory beyond input and output: a few
 * planes, and for the B-spline a float copy of the input. */
template <typename TInputImage, typename TOutputImage = TInputImage>
class GridResampleImageFilter : public ReferenceGridImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(GridResampleImageFilter);

  using Self = GridResampleImageFilter;
  using Superclass = ReferenceGridImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using InputPixelType = typename TInputImage::PixelType;
  using OutputPixelType = typename TOutputImage::PixelType;
  using AxisInterpolation = std::array<Interpolation, 3>;

  itkNewMacro(Self);
  itkTypeMacro(GridResampleImageFilter, ReferenceGridImageFilter);

  void
  SetInterpolation(Interpolation interpolation)
  {
    SetInterpolation(AxisInterpolation{interpolation, interpolation, interpolation});
  }
  void
  SetInterpolation(const AxisInterpolation & ofInputAxes)
  {
    m_Interpolation = ofInputAxes;
    this->Modified();
  }
  itkSetMacro(Antialias, bool);
  itkGetConstMacro(Antialias, bool);
  itkBooleanMacro(Antialias);
  itkSetMacro(ExtendEdges, bool);
  itkGetConstMacro(ExtendEdges, bool);
  itkBooleanMacro(ExtendEdges);
  itkSetMacro(FillValue, OutputPixelType);
  itkGetConstMacro(FillValue, OutputPixelType);

protected:
  GridResampleImageFilter() = default;
  ~GridResampleImageFilter() override = default;

  void
  GenerateData() override;
  void
  PrintSelf(std::ostream & os, itk::Indent indent) const override;

private:
  using FloatBuffer = itk::Image<float, 3>;
  using TapsOfAxes = std::array<AxisTaps, 3>;

  void
  ResampleByAxes(const GridMapping & mapping);
  void
  ResampleByVoxels(const GridMapping & mapping);
  typename FloatBuffer::Pointer
  FloatCopy(const TInputImage * input) const;
  void
  MakeCoefficients(FloatBuffer * image, const std::array<bool, 3> & axes);
  template <typename TSource, typename TTarget>
  void
  RunTaps(const TSource * source,
          const itk::Size<3> & sourceSize,
          TTarget * target,
          const itk::Size<3> & targetSize,
          const TapsOfAxes & taps,
          bool fillOutside,
          float progressBegin,
          float progressEnd);

  AxisInterpolation m_Interpolation{
      Interpolation::Linear, Interpolation::Linear, Interpolation::Linear};
  bool m_Antialias = true;
  bool m_ExtendEdges = false;
  OutputPixelType m_FillValue{};
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusGridResampleImageFilter.hxx"
#endif
