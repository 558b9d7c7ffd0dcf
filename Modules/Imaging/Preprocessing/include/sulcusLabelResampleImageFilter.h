#pragma once

#include "sulcusAxisTaps.h"
#include "sulcusReferenceGridImageFilter.h"

namespace sulcus
{

/** How labels reach another grid. Neither makes a value that was not there. */
enum class LabelInterpolation
{
  Nearest, ///< the label of the nearest voxel; going to a grid that is nowhere coarser and back
           ///< restores every voxel
  Vote ///< linear weights of the surrounding voxels, added up for each label; the heaviest wins,
       ///< ties go to the lowest label; smoother surfaces
};

/** Resamples a label map to a spacing, a grid or the grid of another image without ever mixing
 * label values.
 *
 * Vote averages over the output voxel's extent where the output is coarser (the same linear weights
 * as GridResampleImageFilter, oblique grids: the eight voxels around). Outside the input the output
 * is FillValue, or with ExtendEdges the nearest edge voxel. */
template <typename TImage>
class LabelResampleImageFilter : public ReferenceGridImageFilter<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(LabelResampleImageFilter);

  using Self = LabelResampleImageFilter;
  using Superclass = ReferenceGridImageFilter<TImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using PixelType = typename TImage::PixelType;

  itkNewMacro(Self);
  itkTypeMacro(LabelResampleImageFilter, ReferenceGridImageFilter);

  void
  SetInterpolation(LabelInterpolation interpolation)
  {
    m_Interpolation = interpolation;
    this->Modified();
  }
  itkSetMacro(ExtendEdges, bool);
  itkGetConstMacro(ExtendEdges, bool);
  itkBooleanMacro(ExtendEdges);
  itkSetMacro(FillValue, PixelType);
  itkGetConstMacro(FillValue, PixelType);

protected:
  LabelResampleImageFilter() = default;
  ~LabelResampleImageFilter() override = default;

  void
  GenerateData() override;
  void
  PrintSelf(std::ostream & os, itk::Indent indent) const override;

private:
  void
  ResampleByAxes(const GridMapping & mapping);
  void
  ResampleByVoxels(const GridMapping & mapping);

  LabelInterpolation m_Interpolation = LabelInterpolation::Nearest;
  bool m_ExtendEdges = false;
  PixelType m_FillValue{};
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusLabelResampleImageFilter.hxx"
#endif
