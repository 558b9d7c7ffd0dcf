#include "sulcusVtkParts.h"

#include <vtkActor.h>
#include <vtkCellArray.h>
#include <vtkFloatArray.h>
#include <vtkImageData.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkPolyDataMapper.h>
#include <vtkProperty.h>
#include <vtkRenderWindow.h>
#include <vtkTexture.h>
#include <vtkUnsignedCharArray.h>

#include <algorithm>

namespace sulcus
{
namespace
{

vtkSmartPointer<vtkPolyData>
PolyDataOf(const SurfaceMesh & mesh)
{
  vtkNew<vtkPoints> points;
  points->SetDataTypeToFloat();
  vtkNew<vtkFloatArray> normals;
  normals->SetNumberOfComponents(3);
  for (std::size_t p = 0; p < mesh.points.size(); ++p)
  {
    points->InsertNextPoint(mesh.points[p].data());
    normals->InsertNextTuple(mesh.normals[p].data());
  }
  vtkNew<vtkCellArray> cells;
  for (const auto & triangle : mesh.triangles)
  {
    cells->InsertNextCell({vtkIdType{triangle[0]}, vtkIdType{triangle[1]}, vtkIdType{triangle[2]}});
  }
  auto data = vtkSmartPointer<vtkPolyData>::New();
  data->SetPoints(points);
  data->SetPolys(cells);
  data->GetPointData()->SetNormals(normals);
  return data;
}

} // namespace

vtkSmartPointer<vtkActor>
ActorOf(const SurfaceMesh & mesh, double opacity)
{
  vtkNew<vtkPolyDataMapper> mapper;
  mapper->SetInputData(PolyDataOf(mesh));
  mapper->ScalarVisibilityOff();
  auto actor = vtkSmartPointer<vtkActor>::New();
  actor->SetMapper(mapper);
  auto * property = actor->GetProperty();
  property->SetColor(mesh.color[0] / 255.0, mesh.color[1] / 255.0, mesh.color[2] / 255.0);
  property->SetOpacity(opacity);
  property->SetSpecular(0.2);
  property->SetSpecularPower(20.0);
  return actor;
}

vtkSmartPointer<vtkActor>
ActorOf(const RgbPicture & picture, const SliceFrame & frame)
{
  const auto width = static_cast<double>(frame.width);
  const auto height = static_cast<double>(frame.height);
  const double corners[4][4] = {
      {0, 0, 0, 1}, {width, 0, 1, 1}, {width, height, 1, 0}, {0, height, 0, 0}};
  vtkNew<vtkPoints> points;
  vtkNew<vtkFloatArray> places;
  places->SetNumberOfComponents(2);
  for (const auto & corner : corners)
  {
    const auto index = frame.IndexAt(corner[0], corner[1]);
    const auto point = frame.grid.PointAt(index[0], index[1], index[2]);
    points->InsertNextPoint(point.GetDataPointer());
    places->InsertNextTuple2(corner[2], corner[3]);
  }
  vtkNew<vtkCellArray> cells;
  cells->InsertNextCell({0, 1, 2, 3});
  vtkNew<vtkPolyData> quad;
  quad->SetPoints(points);
  quad->SetPolys(cells);
  quad->GetPointData()->SetTCoords(places);
  vtkNew<vtkPolyDataMapper> mapper;
  mapper->SetInputData(quad);
  vtkNew<vtkTexture> texture;
  texture->SetInputData(ToVtk(picture));
  texture->InterpolateOn();
  auto actor = vtkSmartPointer<vtkActor>::New();
  actor->SetMapper(mapper);
  actor->SetTexture(texture);
  actor->GetProperty()->LightingOff();
  return actor;
}

vtkSmartPointer<vtkImageData>
ToVtk(const RgbPicture & picture)
{
  auto data = vtkSmartPointer<vtkImageData>::New();
  data->SetDimensions(static_cast<int>(picture.width), static_cast<int>(picture.height), 1);
  data->AllocateScalars(VTK_UNSIGNED_CHAR, 3);
  const std::size_t row = 3 * picture.width;
  auto * target = static_cast<std::uint8_t *>(data->GetScalarPointer());
  for (std::size_t y = 0; y < picture.height; ++y)
  {
    std::copy_n(&picture.pixels[row * y], row, target + row * (picture.height - 1 - y));
  }
  return data;
}

RgbPicture
PictureOf(vtkRenderWindow * window)
{
  const int * size = window->GetSize();
  vtkNew<vtkUnsignedCharArray> pixels;
  constexpr int backBuffer = 0;
  window->GetPixelData(0, 0, size[0] - 1, size[1] - 1, backBuffer, pixels);
  RgbPicture picture{static_cast<std::size_t>(size[0]), static_cast<std::size_t>(size[1]), {}};
  const std::size_t row = 3 * picture.width;
  picture.pixels.resize(row * picture.height);
  for (std::size_t y = 0; y < picture.height; ++y)
  {
    std::copy_n(pixels->GetPointer(static_cast<vtkIdType>(row * (picture.height - 1 - y))),
                row,
                &picture.pixels[row * y]);
  }
  return picture;
}

} // namespace sulcus
