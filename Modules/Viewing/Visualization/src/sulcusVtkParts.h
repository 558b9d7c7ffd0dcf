#pragma once

#include <sulcusPainter.h>
#include <sulcusSliceFrame.h>
#include <sulcusSurfaceMesh.h>

#include <vtkSmartPointer.h>

class vtkActor;
class vtkImageData;
class vtkRenderWindow;

namespace sulcus
{

/** A mesh with its colour, in LPS millimetres. */
vtkSmartPointer<vtkActor>
ActorOf(const SurfaceMesh & mesh, double opacity);

/** A picture of a slice, hung up where the slice is. */
vtkSmartPointer<vtkActor>
ActorOf(const RgbPicture & picture, const SliceFrame & frame);

/** VTK counts rows from below. */
vtkSmartPointer<vtkImageData>
ToVtk(const RgbPicture & picture);

/** What a window shows, after it has been drawn. */
RgbPicture
PictureOf(vtkRenderWindow * window);

} // namespace sulcus
