#pragma once

#include <sulcusImageGrid.h>
#include <sulcusImages.h>

#include <vtkSmartPointer.h>

class vtkImageData;
class vtkMatrix4x4;

namespace sulcus
{

/** How a VTK image is laid out in space. */
enum class VtkFrame
{
  Index,      ///< spacing 1, origin 0: place it with LpsFromIndex
  Millimetres ///< the image's spacing, origin 0: place it with LpsFromMillimetres
};

/** The image for VTK, x fastest as in ITK, without a copy: the VTK image keeps the ITK image alive.
 * VTK's own origin and direction stay at zero and identity, because its filters follow the
 * direction only in part; a matrix carries the place in space instead. */
vtkSmartPointer<vtkImageData>
ToVtk(const FloatImage * image, VtkFrame frame);
vtkSmartPointer<vtkImageData>
ToVtk(const LabelImage * image, VtkFrame frame);
vtkSmartPointer<vtkImageData>
ToVtk(const MaskImage * image, VtkFrame frame);

/** From voxel indices to millimetres (LPS). */
vtkSmartPointer<vtkMatrix4x4>
LpsFromIndex(const ImageGrid & grid);

/** From millimetres along the index axes to millimetres in the body (LPS): direction and origin. */
vtkSmartPointer<vtkMatrix4x4>
LpsFromMillimetres(const ImageGrid & grid);

/** VTK's own loops use as many threads as GetThreadCount says. Call before a long filter. */
void
UseThreadCountInVtk();

} // namespace sulcus
