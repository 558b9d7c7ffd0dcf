#include "sulcusVtkGlue.h"

#include "sulcusVtkThreads.h"
#include <sulcusThreads.h>

#include <vtkAOSDataArrayTemplate.h>
#include <vtkCommand.h>
#include <vtkImageData.h>
#include <vtkMatrix4x4.h>
#include <vtkPointData.h>

namespace sulcus
{
namespace
{

/** Hangs on a VTK object and holds an ITK object as long as that lives. */
class KeepAlive : public vtkCommand
{
public:
  vtkTypeMacro(KeepAlive, vtkCommand);
  static KeepAlive *
  New()
  {
    return new KeepAlive;
  }
  void
  Execute(vtkObject *, unsigned long, void *) override
  {
  }
  itk::Object::ConstPointer m_Owner;
};

template <typename TImage>
vtkSmartPointer<vtkImageData>
Share(const TImage * image, VtkFrame frame)
{
  using Pixel = typename TImage::PixelType;
  const auto grid = GridOf(image);
  const auto array = vtkSmartPointer<vtkAOSDataArrayTemplate<Pixel>>::New();
  constexpr int keep = 1; // VTK shall not free it
  array->SetArray(const_cast<Pixel *>(image->GetBufferPointer()),
                  static_cast<vtkIdType>(grid.VoxelCount()),
                  keep);
  const auto owner = vtkSmartPointer<KeepAlive>::New();
  owner->m_Owner = image;
  array->AddObserver(vtkCommand::DeleteEvent, owner);
  const auto data = vtkSmartPointer<vtkImageData>::New();
  data->SetDimensions(static_cast<int>(grid.size[0]),
                      static_cast<int>(grid.size[1]),
                      static_cast<int>(grid.size[2]));
  if (frame == VtkFrame::Millimetres)
  {
    data->SetSpacing(grid.spacing[0], grid.spacing[1], grid.spacing[2]);
  }
  data->GetPointData()->SetScalars(array);
  return data;
}

} // namespace

vtkSmartPointer<vtkImageData>
ToVtk(const FloatImage * image, VtkFrame frame)
{
  return Share(image, frame);
}

vtkSmartPointer<vtkImageData>
ToVtk(const LabelImage * image, VtkFrame frame)
{
  return Share(image, frame);
}

vtkSmartPointer<vtkImageData>
ToVtk(const MaskImage * image, VtkFrame frame)
{
  return Share(image, frame);
}

vtkSmartPointer<vtkMatrix4x4>
LpsFromIndex(const ImageGrid & grid)
{
  auto matrix = LpsFromMillimetres(grid);
  for (int axis = 0; axis < 3; ++axis)
  {
    for (int row = 0; row < 3; ++row)
    {
      const double scaled =
          matrix->GetElement(row, axis) * grid.spacing[static_cast<unsigned int>(axis)];
      matrix->SetElement(row, axis, scaled);
    }
  }
  return matrix;
}

vtkSmartPointer<vtkMatrix4x4>
LpsFromMillimetres(const ImageGrid & grid)
{
  auto matrix = vtkSmartPointer<vtkMatrix4x4>::New();
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      matrix->SetElement(static_cast<int>(row), static_cast<int>(axis), grid.direction[row][axis]);
    }
    matrix->SetElement(static_cast<int>(row), 3, grid.origin[row]);
  }
  return matrix;
}

void
UseThreadCountInVtk()
{
  SetVtkThreads(GetThreadCount());
}

} // namespace sulcus
