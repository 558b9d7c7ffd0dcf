#pragma once

#include "sulcusAnnotationFusionImageFilter.h"
#include "sulcusSimpleFusion.h"

namespace sulcus
{

/** SIMPLE on images; see RunSimpleFusion. */
template <typename TLabelImage>
class SimpleFusionImageFilter : public AnnotationFusionImageFilter<TLabelImage, TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(SimpleFusionImageFilter);

  using Self = SimpleFusionImageFilter;
  using Superclass = AnnotationFusionImageFilter<TLabelImage, TLabelImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  itkNewMacro(Self);
  itkTypeMacro(SimpleFusionImageFilter, AnnotationFusionImageFilter);

  void
  SetOptions(const SimpleFusionOptions & options)
  {
    m_Options = options;
    this->Modified();
  }
  const SimpleFusion &
  Estimate() const
  {
    return m_Estimate;
  }

protected:
  SimpleFusionImageFilter() = default;

  void
  Fuse(const MapVotes & votes) override
  {
    m_Estimate = RunSimpleFusion(votes.Patterns(), m_Options);
    votes.Paint(this->ValuesOf(m_Estimate.labels), this->GetOutput()->GetBufferPointer());
  }

private:
  SimpleFusionOptions m_Options;
  SimpleFusion m_Estimate;
};

} // namespace sulcus
