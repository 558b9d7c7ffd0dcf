#pragma once

#include "sulcusAxisOrder.h"
#include "sulcusWholeImageFilter.h"

namespace sulcus
{

/** Permutes and reverses index axes until they run towards the wanted body sides ("LPS" by
 * default).
 *
 * Exact for every grid: oblique axes are matched to the nearest body axes, no voxel value changes
 * and every voxel keeps its place in millimetres. The output starts at index 0. One pass over
 * memory in tiles. \throws UsageError for an orientation that is not three letters, one of each
 * pair L/R, P/A, S/I. */
template <typename TImage>
class OrientImageFilter : public WholeImageFilter<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(OrientImageFilter);

  using Self = OrientImageFilter;
  using Superclass = WholeImageFilter<TImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);
  itkTypeMacro(OrientImageFilter, WholeImageFilter);

  /** Sides towards which x, y and z of the output shall run. */
  void
  SetOrientation(const std::string & code);
  itkGetConstReferenceMacro(Orientation, std::string);

  /** A fixed reordering instead of a wanted orientation, e.g. the inverse of an earlier one. */
  void
  SetAxisOrder(const AxisOrder & order);

  /** What the filter did or will do; valid after UpdateOutputInformation. */
  const AxisOrder &
  GetAxisOrder() const
  {
    return m_Order;
  }

protected:
  OrientImageFilter() = default;
  ~OrientImageFilter() override = default;

  void
  GenerateOutputInformation() override;
  void
  GenerateData() override;
  void
  PrintSelf(std::ostream & os, itk::Indent indent) const override;

private:
  std::string m_Orientation = "LPS";
  bool m_OrderIsGiven = false;
  AxisOrder m_Order;
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusOrientImageFilter.hxx"
#endif
