#pragma once

#include "sulcusGridMapping.h"
#include "sulcusWholeImageFilter.h"

#include <optional>

namespace sulcus
{

/** Where the output of a resampling lies: on a given grid, on the grid of another image, or on the
 * input's grid with another spacing (GridWithSpacing). Without any of them: on the input's grid. */
template <typename TInputImage, typename TOutputImage = TInputImage>
class ReferenceGridImageFilter : public WholeImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ReferenceGridImageFilter);

  using Self = ReferenceGridImageFilter;
  using Superclass = WholeImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkTypeMacro(ReferenceGridImageFilter, WholeImageFilter);

  void
  SetReferenceGrid(const ImageGrid & grid)
  {
    m_Reference = grid;
    m_Spacing = {0.0, 0.0, 0.0};
    this->Modified();
  }
  /** Uses the grid that the image has now. */
  void
  SetReferenceImage(const itk::ImageBase<3> * image)
  {
    SetReferenceGrid(GridOf(image));
  }
  /** mm along x, y, z; 0 keeps an axis as it is. */
  void
  SetOutputSpacing(const std::array<double, 3> & spacingInMm)
  {
    m_Reference.reset();
    m_Spacing = spacingInMm;
    this->Modified();
  }

protected:
  ReferenceGridImageFilter() = default;
  ~ReferenceGridImageFilter() override = default;

  void
  GenerateOutputInformation() override
  {
    Superclass::GenerateOutputInformation();
    const ImageGrid grid =
        m_Reference ? *m_Reference : GridWithSpacing(GridOf(this->GetInput()), m_Spacing);
    SetGrid(this->GetOutput(), grid);
  }

  GridMapping
  InputFromOutput() const
  {
    return MappingBetween(GridOf(this->GetInput()), GridOf(this->GetOutput()));
  }

private:
  std::optional<ImageGrid> m_Reference;
  std::array<double, 3> m_Spacing{0.0, 0.0, 0.0};
};

} // namespace sulcus
