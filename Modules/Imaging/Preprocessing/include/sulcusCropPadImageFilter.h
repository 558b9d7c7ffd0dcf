#pragma once

#include "sulcusWholeImageFilter.h"
#include <sulcusImageGrid.h>

namespace sulcus
{

/** Cuts an index box out of an image; where the box reaches beyond the image it is padded with a
 * value.
 *
 * `Start` counts from the first voxel of the input's largest region and may be negative. Every
 * voxel keeps its place in millimetres; the output starts at index 0. Exact inverse: the box with
 * start −Start and the input's size (which gives the fill value where voxels were cut off). */
template <typename TImage>
class CropPadImageFilter : public WholeImageFilter<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(CropPadImageFilter);

  using Self = CropPadImageFilter;
  using Superclass = WholeImageFilter<TImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using PixelType = typename TImage::PixelType;
  using OffsetType = typename TImage::OffsetType;
  using SizeType = typename TImage::SizeType;

  itkNewMacro(Self);
  itkTypeMacro(CropPadImageFilter, WholeImageFilter);

  itkSetMacro(Start, OffsetType);
  itkGetConstReferenceMacro(Start, OffsetType);
  itkSetMacro(Size, SizeType);
  itkGetConstReferenceMacro(Size, SizeType);
  itkSetMacro(FillValue, PixelType);
  itkGetConstReferenceMacro(FillValue, PixelType);

  /** Grows or, with negative numbers, shrinks the image by voxels at the low and high end of each
   * axis. Replaces Start and Size; the input must be set. */
  void
  SetPadding(const OffsetType & low, const OffsetType & high);

protected:
  CropPadImageFilter()
  {
    m_Start.Fill(0);
    m_Size.Fill(0);
  }
  ~CropPadImageFilter() override = default;

  void
  VerifyPreconditions() ITKv5_CONST override;
  void
  GenerateOutputInformation() override;
  void
  GenerateData() override;
  void
  PrintSelf(std::ostream & os, itk::Indent indent) const override;

private:
  OffsetType m_Start;
  SizeType m_Size;
  PixelType m_FillValue{};
};

/** The grid of the box [start, start + size) of another grid. */
ImageGrid
BoxGrid(const ImageGrid & grid, const itk::Offset<3> & start, const itk::Size<3> & size);

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusCropPadImageFilter.hxx"
#endif
