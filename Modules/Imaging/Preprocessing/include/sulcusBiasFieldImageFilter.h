#pragma once

#include "sulcusForeground.h"
#include "sulcusWholeImageFilter.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace sulcus
{

/** Settings of the N4 bias field correction. */
struct BiasFieldOptions
{
  int shrinkFactor = 4; ///< of the axis with the finest spacing; coarser axes shrink less
  std::vector<std::int64_t> iterations{
      50, 50, 50, 50}; ///< of each fitting level; the mesh doubles from level to level
  double convergence = 1e-3;
  double splineDistanceInMm = 200.0; ///< distance of the mesh's knots on the first level
};

/** Divides an image by its smooth multiplicative bias field, found by N4 (Tustison et al., IEEE TMI
 * 2010) on a shrunk, averaged copy. The field is evaluated on the full grid from its B-spline
 * coefficients, axis by axis, so the cost is that of N4 on the small copy. Voxels outside the
 * optional mask (second input) or ≤ 0 are left out of the estimate but are divided as well. Without
 * a mask: ForegroundMask.
 *
 * ITK's N4 adds floating-point sums per thread: results for different numbers of ITK threads agree
 * to rounding, not to the bit. \throws InputError if fewer than 64 voxels of the copy are usable.
 */
template <typename TImage>
class BiasFieldImageFilter : public WholeImageFilter<TImage, itk::Image<float, 3>>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(BiasFieldImageFilter);

  using Self = BiasFieldImageFilter;
  using Superclass = WholeImageFilter<TImage, itk::Image<float, 3>>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using MaskImageType = itk::Image<std::uint8_t, 3>;

  itkNewMacro(Self);
  itkTypeMacro(BiasFieldImageFilter, WholeImageFilter);

  itkSetInputMacro(MaskImage, MaskImageType);
  itkGetInputMacro(MaskImage, MaskImageType);

  void
  SetOptions(const BiasFieldOptions & options)
  {
    m_Options = options;
    this->Modified();
  }

  /** Natural logarithm of the field on the input grid; valid after Update. */
  const FloatImage *
  GetLogBiasField() const
  {
    return m_LogField;
  }

protected:
  BiasFieldImageFilter()
  {
    this->AddOptionalInputName("MaskImage");
  }
  ~BiasFieldImageFilter() override = default;

  void
  GenerateData() override;

private:
  BiasFieldOptions m_Options;
  FloatImage::Pointer m_LogField;
};

/** The logarithm of the bias field of an image; the work of the filter, on one pixel type.
 * `progress` (0 … 1) is called once an iteration and may throw to stop. */
FloatImage::Pointer
EstimateLogBiasField(const FloatImage * image,
                     const MaskImage * mask,
                     const BiasFieldOptions & options,
                     const std::function<void(double)> & progress);

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusBiasFieldImageFilter.hxx"
#endif
