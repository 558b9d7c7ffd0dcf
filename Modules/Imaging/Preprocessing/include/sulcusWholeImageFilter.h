#pragma once

#include <itkImageToImageFilter.h>

namespace sulcus
{

/** What every filter here shares: it reads its whole input and makes its whole output, in three
 * dimensions. */
template <typename TInputImage, typename TOutputImage = TInputImage>
class WholeImageFilter : public itk::ImageToImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(WholeImageFilter);

  using Self = WholeImageFilter;
  using Superclass = itk::ImageToImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  static_assert(TInputImage::ImageDimension == 3 && TOutputImage::ImageDimension == 3);

  itkTypeMacro(WholeImageFilter, ImageToImageFilter);

protected:
  WholeImageFilter() = default;
  ~WholeImageFilter() override = default;

  void
  GenerateInputRequestedRegion() override
  {
    Superclass::GenerateInputRequestedRegion();
    for (const auto & name : this->GetInputNames())
    {
      if (auto * input = this->itk::ProcessObject::GetInput(name))
      {
        input->SetRequestedRegionToLargestPossibleRegion();
      }
    }
  }

  void
  EnlargeOutputRequestedRegion(itk::DataObject * output) override
  {
    output->SetRequestedRegionToLargestPossibleRegion();
  }
};

} // namespace sulcus
