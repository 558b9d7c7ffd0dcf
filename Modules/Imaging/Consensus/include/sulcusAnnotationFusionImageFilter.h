#pragma once

#include "sulcusMapVotes.h"

#include <itkImage.h>
#include <itkImageToImageFilter.h>

#include <map>
#include <optional>
#include <type_traits>
#include <unordered_set>

namespace sulcus
{

/** What all fusion filters share: several label maps on one grid, with missing annotations that are
 * not background.
 *
 * A voxel is missing for an annotator where the observed mask of that input is 0, or where the map
 * holds the missing value. Labels are the values found in the inputs plus background 0; they may be
 * any whole numbers. Grids that differ are refused by ITK before anything is computed; no inputs
 * and more than 65,534 labels are a UsageError. Works on any itk::Image of whole numbers, in any
 * pipeline; inputs are read whole. */
template <typename TLabelImage, typename TOutputImage>
class AnnotationFusionImageFilter : public itk::ImageToImageFilter<TLabelImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(AnnotationFusionImageFilter);

  using Self = AnnotationFusionImageFilter;
  using Superclass = itk::ImageToImageFilter<TLabelImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  itkTypeMacro(AnnotationFusionImageFilter, ImageToImageFilter);

  using LabelPixel = typename TLabelImage::PixelType;
  using ObservedMask = itk::Image<std::uint8_t, TLabelImage::ImageDimension>;
  static_assert(std::is_integral_v<LabelPixel>, "annotations are images of whole numbers");

  /** Annotation number i, counted from 0, without gaps. */
  void
  SetAnnotation(unsigned index, const TLabelImage * image)
  {
    this->SetInput(index, image);
  }

  /** Not 0 where annotation i was made; on the same grid. */
  void
  SetObservedMask(unsigned index, const ObservedMask * mask)
  {
    m_Masks[index] = mask;
    this->Modified();
  }

  /** The value that means "not annotated" in every map. */
  void
  SetMissingValue(LabelPixel value)
  {
    m_MissingValue = value;
    this->Modified();
  }

  /** Label values in ascending order; number i of every table of results belongs to
   * LabelValues()[i]. */
  const std::vector<LabelPixel> &
  LabelValues() const
  {
    return m_LabelValues;
  }

protected:
  AnnotationFusionImageFilter() = default;
  ~AnnotationFusionImageFilter() override = default;

  void
  VerifyPreconditions() ITKv5_CONST override;
  void
  GenerateInputRequestedRegion() override;
  void
  EnlargeOutputRequestedRegion(itk::DataObject * data) override;
  void
  GenerateData() final;

  /** The rule: fills the outputs, which are allocated. */
  virtual void
  Fuse(const MapVotes & votes) = 0;

  /** The two labels of a two-label rule; others see all values found. */
  virtual std::optional<LabelPixel>
  Foreground() const
  {
    return std::nullopt;
  }

  /** Turns label indices of patterns into label values. */
  std::vector<LabelPixel>
  ValuesOf(const std::vector<std::uint16_t> & indices) const
  {
    std::vector<LabelPixel> values;
    for (const auto index : indices)
    {
      values.push_back(m_LabelValues[index]);
    }
    return values;
  }

  std::array<std::size_t, 3>
  BlockSize() const;
  std::array<double, 3>
  BlockSpacing() const;

private:
  using StoredPixel = std::conditional_t<sizeof(LabelPixel) == 1, std::uint8_t, std::uint16_t>;
  static constexpr bool IsDirect = std::is_unsigned_v<LabelPixel> && sizeof(LabelPixel) <= 2;

  void
  FindLabelValues();
  void
  AddValuesOf(unsigned index, std::unordered_set<LabelPixel> & values) const;

  static bool
  IsFilledWith(LabelPixel value, const LabelPixel * values, std::size_t count)
  {
    LabelPixel differs = 0;
    for (std::size_t i = 0; i < count; ++i)
    {
      differs = static_cast<LabelPixel>(differs | (values[i] ^ value));
    }
    return differs == 0;
  }

  std::vector<std::uint16_t>
  IndexTable() const;
  const std::uint8_t *
  MaskOf(unsigned index) const;

  std::map<unsigned, typename ObservedMask::ConstPointer> m_Masks;
  std::optional<LabelPixel> m_MissingValue;
  bool m_MissingOccurs = false; ///< whether any voxel may hold it
  std::vector<LabelPixel> m_LabelValues;
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusAnnotationFusionImageFilter.hxx"
#endif
