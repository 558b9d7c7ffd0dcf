#include "sulcusLabelSurface.h"

#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusVtkGlue.h>

#include <vtkCellArray.h>
#include <vtkCellArrayIterator.h>
#include <vtkDiscreteFlyingEdges3D.h>
#include <vtkImageData.h>
#include <vtkNew.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkQuadricDecimation.h>
#include <vtkSmartPointer.h>
#include <vtkWindowedSincPolyDataFilter.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

void
CheckOptions(const SurfaceOptions & options)
{
  if (options.smoothing < 0 || options.smoothing > 1000 ||
      !(options.passBand > 0.0 && options.passBand <= 2.0) ||
      !(options.reduction >= 0.0 && options.reduction < 1.0))
  {
    throw UsageError(Message("surface: smoothing ",
                             options.smoothing,
                             ", pass band ",
                             options.passBand,
                             ", reduction ",
                             options.reduction,
                             "; need 0 to 1000, above 0 to 2, 0 to below 1"));
  }
}

/** The box with a margin of one voxel: 1 in the label, 0 elsewhere. Voxel (0, 0, 0) of it is the
 * voxel before the box's first. */
vtkSmartPointer<vtkImageData>
MaskOf(const LabelImage * labels, std::uint16_t label, const LabelBox & box)
{
  const auto size = labels->GetLargestPossibleRegion().GetSize();
  std::array<std::int64_t, 3> extent{};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    extent[axis] = box.last[axis] - box.first[axis] + 3;
  }
  const auto mask = vtkSmartPointer<vtkImageData>::New();
  mask->SetDimensions(
      static_cast<int>(extent[0]), static_cast<int>(extent[1]), static_cast<int>(extent[2]));
  mask->AllocateScalars(VTK_UNSIGNED_CHAR, 1);
  auto * target = static_cast<std::uint8_t *>(mask->GetScalarPointer());
  std::fill_n(target, extent[0] * extent[1] * extent[2], std::uint8_t{0});
  for (auto z = box.first[2]; z <= box.last[2]; ++z)
  {
    for (auto y = box.first[1]; y <= box.last[1]; ++y)
    {
      const auto row =
          static_cast<std::int64_t>(size[0]) * (y + static_cast<std::int64_t>(size[1]) * z);
      const auto * from = labels->GetBufferPointer() + row + box.first[0];
      auto * to =
          target + 1 + extent[0] * ((y - box.first[1] + 1) + extent[1] * (z - box.first[2] + 1));
      std::transform(from,
                     from + (box.last[0] - box.first[0] + 1),
                     to,
                     [label](auto value) { return std::uint8_t{value == label}; });
    }
  }
  return mask;
}

/** Moves points from the mask's indices to millimetres. */
void
PlaceInBody(vtkPolyData * surface, const ImageGrid & grid, const LabelBox & box)
{
  auto * points = surface->GetPoints();
  for (vtkIdType p = 0; p < points->GetNumberOfPoints(); ++p)
  {
    double place[3];
    points->GetPoint(p, place);
    const auto point = grid.PointAt(place[0] + static_cast<double>(box.first[0]) - 1.0,
                                    place[1] + static_cast<double>(box.first[1]) - 1.0,
                                    place[2] + static_cast<double>(box.first[2]) - 1.0);
    points->SetPoint(p, point.GetDataPointer());
  }
}

vtkSmartPointer<vtkPolyData>
Smoothed(vtkPolyData * surface, const SurfaceOptions & options)
{
  vtkNew<vtkWindowedSincPolyDataFilter> filter;
  filter->SetInputData(surface);
  filter->SetNumberOfIterations(options.smoothing);
  filter->SetPassBand(options.passBand);
  filter->BoundarySmoothingOff();
  filter->FeatureEdgeSmoothingOff();
  filter->NonManifoldSmoothingOn();
  filter->NormalizeCoordinatesOn();
  filter->Update();
  return filter->GetOutput();
}

vtkSmartPointer<vtkPolyData>
Reduced(vtkPolyData * surface, double reduction)
{
  vtkNew<vtkQuadricDecimation> filter;
  filter->SetInputData(surface);
  filter->SetTargetReduction(reduction);
  filter->VolumePreservationOn();
  filter->Update();
  return filter->GetOutput();
}

SurfaceMesh
ToMesh(vtkPolyData * surface)
{
  SurfaceMesh mesh;
  mesh.points.resize(static_cast<std::size_t>(surface->GetNumberOfPoints()));
  for (std::size_t p = 0; p < mesh.points.size(); ++p)
  {
    double place[3];
    surface->GetPoint(static_cast<vtkIdType>(p), place);
    std::transform(place, place + 3, mesh.points[p].begin(), [](double v) { return float(v); });
  }
  const auto cells = vtk::TakeSmartPointer(surface->GetPolys()->NewIterator());
  for (cells->GoToFirstCell(); !cells->IsDoneWithTraversal(); cells->GoToNextCell())
  {
    vtkIdType count = 0;
    const vtkIdType * corners = nullptr;
    cells->GetCurrentCell(count, corners);
    mesh.triangles.push_back({static_cast<std::uint32_t>(corners[0]),
                              static_cast<std::uint32_t>(corners[1]),
                              static_cast<std::uint32_t>(corners[2])});
  }
  return mesh;
}

/** Index axes may form a left-handed system, and filters order corners as they like. */
void
TurnOutwards(SurfaceMesh & mesh)
{
  if (MeasureSurface(mesh).volumeInMm3 < 0.0)
  {
    for (auto & triangle : mesh.triangles)
    {
      std::swap(triangle[1], triangle[2]);
    }
  }
}

} // namespace

void
Describe(Parameters & visit, SurfaceOptions & options)
{
  visit.Group("Surface");
  visit("smoothing", options.smoothing, "Iterations of smoothing; 0: the staircase of the voxels.")
      .Range(0, 1000);
  visit("pass_band", options.passBand, "Of the smoothing filter; lower is smoother.")
      .Range(0.0001, 2)
      .Advanced();
  visit("reduction", options.reduction, "Share of the triangles to remove.").Range(0, 0.99);
  visit("keep_volume", options.keepVolume, "Undo the shrinking of the smoothing.");
}

std::map<std::uint16_t, LabelBox>
FindLabels(const LabelImage * labels)
{
  const auto size = labels->GetLargestPossibleRegion().GetSize();
  std::vector<LabelBox> boxes(std::size_t{1} << 16U);
  const auto * voxel = labels->GetBufferPointer();
  for (std::int64_t z = 0; z < static_cast<std::int64_t>(size[2]); ++z)
  {
    for (std::int64_t y = 0; y < static_cast<std::int64_t>(size[1]); ++y)
    {
      for (std::int64_t x = 0; x < static_cast<std::int64_t>(size[0]); ++x, ++voxel)
      {
        if (*voxel == 0)
        {
          continue;
        }
        auto & box = boxes[*voxel];
        const LabelImage::IndexType here{{x, y, z}};
        if (box.voxels++ == 0)
        {
          box.first = here;
          box.last = here;
        }
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          box.first[axis] = std::min(box.first[axis], here[axis]);
          box.last[axis] = std::max(box.last[axis], here[axis]);
        }
      }
    }
  }
  std::map<std::uint16_t, LabelBox> found;
  for (std::size_t label = 1; label < boxes.size(); ++label)
  {
    if (boxes[label].voxels > 0)
    {
      found[static_cast<std::uint16_t>(label)] = boxes[label];
    }
  }
  return found;
}

SurfaceMesh
ExtractSurface(const LabelImage * labels,
               std::uint16_t label,
               const LabelBox & box,
               const SurfaceOptions & options)
{
  CheckOptions(options);
  if (box.voxels == 0)
  {
    throw InputError(Message("surface: there is no voxel of label ", label));
  }
  UseThreadCountInVtk();
  const auto grid = GridOf(labels);
  const auto mask = MaskOf(labels, label, box);
  vtkNew<vtkDiscreteFlyingEdges3D> edges;
  edges->SetInputData(mask);
  edges->SetValue(0, 1);
  edges->ComputeNormalsOff();
  edges->ComputeGradientsOff();
  edges->ComputeScalarsOff();
  edges->Update();
  vtkSmartPointer<vtkPolyData> surface = edges->GetOutput();
  PlaceInBody(surface, grid, box);
  if (options.smoothing > 0)
  {
    surface = Smoothed(surface, options);
  }
  if (options.reduction > 0.0)
  {
    surface = Reduced(surface, options.reduction);
  }
  auto mesh = ToMesh(surface);
  TurnOutwards(mesh);
  if (options.keepVolume)
  {
    const double voxel = grid.spacing[0] * grid.spacing[1] * grid.spacing[2];
    const double smallest = std::min({grid.spacing[0], grid.spacing[1], grid.spacing[2]});
    AdjustVolume(mesh, static_cast<double>(box.voxels) * voxel, 0.5 * smallest);
  }
  ComputeNormals(mesh);
  mesh.label = label;
  return mesh;
}

std::vector<SurfaceMesh>
ExtractSurfaces(const LabelImage * labels,
                const std::vector<std::uint16_t> & wanted,
                const std::vector<SegmentInfo> & segments,
                const SurfaceOptions & options,
                const std::function<void(std::size_t, std::size_t)> & advance)
{
  auto found = FindLabels(labels);
  if (found.empty())
  {
    throw InputError("the segmentation is empty: there is no label to make a surface of");
  }
  std::string present;
  for (const auto & [label, box] : found)
  {
    present += (present.empty() ? "" : ", ") + std::to_string(label);
  }
  std::map<std::uint16_t, LabelBox> chosen;
  for (const auto label : wanted)
  {
    if (!found.contains(label))
    {
      throw UsageError(
          Message("label ", label, " is not in the segmentation, which has ", present));
    }
    chosen[label] = found[label];
  }
  chosen = wanted.empty() ? found : chosen;
  std::vector<SurfaceMesh> meshes;
  for (const auto & [label, box] : chosen)
  {
    ThrowIfInterrupted();
    meshes.push_back(ExtractSurface(labels, label, box, options));
    const auto described = std::find_if(segments.begin(),
                                        segments.end(),
                                        [l = label](const auto & s) { return s.labelValue == l; });
    const auto segment = described != segments.end() ? *described : DefaultSegment(label);
    meshes.back().name = segment.name;
    meshes.back().color = segment.color;
    if (advance)
    {
      advance(meshes.size(), chosen.size());
    }
  }
  return meshes;
}

} // namespace sulcus
