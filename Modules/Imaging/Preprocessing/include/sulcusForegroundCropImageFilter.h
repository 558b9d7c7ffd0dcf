#pragma once

#include "sulcusCropPadImageFilter.h"
#include "sulcusForeground.h"

namespace sulcus
{

/** Crops an image to the box of its tissue plus a margin: of a mask (second input, same grid) or of
 * ForegroundMask. What was cut is told by GetBox. Works out the box while the output's information
 * is made, so the input is read then. */
template <typename TImage>
class ForegroundCropImageFilter : public WholeImageFilter<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ForegroundCropImageFilter);

  using Self = ForegroundCropImageFilter;
  using Superclass = WholeImageFilter<TImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using MaskImageType = itk::Image<std::uint8_t, 3>;

  itkNewMacro(Self);
  itkTypeMacro(ForegroundCropImageFilter, WholeImageFilter);

  itkSetInputMacro(MaskImage, MaskImageType);
  itkGetInputMacro(MaskImage, MaskImageType);
  itkSetMacro(MarginInMm, double);
  itkGetConstMacro(MarginInMm, double);

  /** Counted from the input's first voxel; valid after UpdateOutputInformation. */
  const IndexBox &
  GetBox() const
  {
    return m_Box;
  }

protected:
  ForegroundCropImageFilter()
  {
    this->AddOptionalInputName("MaskImage");
  }
  ~ForegroundCropImageFilter() override = default;

  void
  GenerateOutputInformation() override
  {
    Superclass::GenerateOutputInformation();
    auto * input = const_cast<TImage *>(this->GetInput());
    input->SetRequestedRegionToLargestPossibleRegion();
    input->Update();
    if (auto * mask = const_cast<MaskImageType *>(this->GetMaskImage()))
    {
      mask->Update();
      RequireSameGrid(input, mask, "the image", "the mask");
      m_Box = MaskBox(mask);
    }
    else
    {
      m_Box = MaskBox(ForegroundMask(FloatCopy(input)), ForegroundPlaneShare);
    }
    m_Box = Grown(m_Box, m_MarginInMm, GridOf(input));
    SetGrid(this->GetOutput(), BoxGrid(GridOf(input), m_Box.start, m_Box.size));
  }

  void
  GenerateData() override
  {
    auto crop = CropPadImageFilter<TImage>::New();
    crop->SetInput(this->GetInput());
    crop->SetStart(m_Box.start);
    crop->SetSize(m_Box.size);
    crop->SetNumberOfWorkUnits(this->GetNumberOfWorkUnits());
    crop->Update();
    this->GraftOutput(crop->GetOutput());
    this->UpdateProgress(1.0F);
  }

private:
  static FloatImage::Pointer
  FloatCopy(const TImage * image)
  {
    const auto copy = NewImage<FloatImage>(GridOf(image));
    const auto * values = image->GetBufferPointer();
    std::copy(
        values, values + image->GetBufferedRegion().GetNumberOfPixels(), copy->GetBufferPointer());
    return copy;
  }

  double m_MarginInMm = 0.0;
  IndexBox m_Box;
};

} // namespace sulcus
