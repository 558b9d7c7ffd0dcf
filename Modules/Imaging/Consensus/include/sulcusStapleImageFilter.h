#pragma once

#include "sulcusAnnotationFusionImageFilter.h"
#include "sulcusStaple.h"

namespace sulcus
{

/** Two-label STAPLE: the probability of the foreground at every voxel, and every annotator's
 * sensitivity and specificity. EM runs over distinct vote patterns. The same fixed point as
 * itk::STAPLEImageFilter; missing votes say nothing. */
template <typename TLabelImage,
          typename TProbabilityImage = itk::Image<float, TLabelImage::ImageDimension>>
class StapleImageFilter : public AnnotationFusionImageFilter<TLabelImage, TProbabilityImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(StapleImageFilter);

  using Self = StapleImageFilter;
  using Superclass = AnnotationFusionImageFilter<TLabelImage, TProbabilityImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using LabelPixel = typename Superclass::LabelPixel;
  itkNewMacro(Self);
  itkTypeMacro(StapleImageFilter, AnnotationFusionImageFilter);

  /** The value that is foreground; every other value is background. 1 by default. */
  void
  SetForegroundValue(LabelPixel value)
  {
    m_Foreground = value;
    this->Modified();
  }
  void
  SetOptions(const StapleOptions & options)
  {
    m_Options = options;
    this->Modified();
  }

  /** Performance, prior and iterations of the last run. */
  const BinaryStaple &
  Estimate() const
  {
    return m_Estimate;
  }

protected:
  StapleImageFilter() = default;

  std::optional<LabelPixel>
  Foreground() const override
  {
    return m_Foreground;
  }
  void
  Fuse(const MapVotes & votes) override
  {
    m_Estimate = RunBinaryStaple(votes.Patterns(), m_Options);
    votes.Paint(m_Estimate.probability, this->GetOutput()->GetBufferPointer());
  }

private:
  LabelPixel m_Foreground = 1;
  StapleOptions m_Options;
  BinaryStaple m_Estimate;
};

} // namespace sulcus
