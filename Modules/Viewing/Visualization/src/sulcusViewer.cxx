#include "sulcusViewer.h"

#include "sulcusDisplay.h"
#include "sulcusVtkParts.h"
#include <sulcusInterrupt.h>

#include <vtkActor.h>
#include <vtkActor2D.h>
#include <vtkCallbackCommand.h>
#include <vtkCamera.h>
#include <vtkCellArray.h>
#include <vtkCommand.h>
#include <vtkImageData.h>
#include <vtkImageMapper.h>
#include <vtkInteractorStyleTrackballCamera.h>
#include <vtkNew.h>
#include <vtkObjectFactory.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkPolyDataMapper.h>
#include <vtkProperty.h>
#include <vtkRenderWindow.h>
#include <vtkRenderWindowInteractor.h>
#include <vtkRenderer.h>

#include <algorithm>
#include <functional>

namespace sulcus
{
namespace
{

/** Sends what happens in the planes to functions; the rest turns the camera as usual. */
class LinkedStyle : public vtkInteractorStyleTrackballCamera
{
public:
  static LinkedStyle *
  New();
  vtkTypeMacro(LinkedStyle, vtkInteractorStyleTrackballCamera);

  std::function<bool(int x, int y)> m_Press; ///< from the upper left; false: not in a plane
  std::function<bool(int x, int y, int slices)> m_Scroll;
  std::function<void(const std::string & key)> m_Key;

  void
  OnLeftButtonDown() override
  {
    m_Dragging = m_Press(X(), Y());
    if (!m_Dragging)
    {
      vtkInteractorStyleTrackballCamera::OnLeftButtonDown();
    }
  }
  void
  OnLeftButtonUp() override
  {
    if (!m_Dragging)
    {
      vtkInteractorStyleTrackballCamera::OnLeftButtonUp();
    }
    m_Dragging = false;
  }
  void
  OnMouseMove() override
  {
    if (!m_Dragging)
    {
      vtkInteractorStyleTrackballCamera::OnMouseMove();
    }
    else
    {
      m_Press(X(), Y());
    }
  }
  void
  OnMouseWheelForward() override
  {
    if (!m_Scroll(X(), Y(), 1))
    {
      vtkInteractorStyleTrackballCamera::OnMouseWheelForward();
    }
  }
  void
  OnMouseWheelBackward() override
  {
    if (!m_Scroll(X(), Y(), -1))
    {
      vtkInteractorStyleTrackballCamera::OnMouseWheelBackward();
    }
  }
  void
  OnKeyPress() override
  {
    m_Key(Interactor->GetKeySym() ? Interactor->GetKeySym() : "");
  }
  void
  OnChar() override // the keys of VTK's own styles mean nothing here
  {
  }

private:
  int
  X() const
  {
    return Interactor->GetEventPosition()[0];
  }
  int
  Y() const
  {
    return Interactor->GetSize()[1] - 1 - Interactor->GetEventPosition()[1];
  }

  bool m_Dragging = false;
};

vtkStandardNewMacro(LinkedStyle);

/** A picture at the lower left corner of a viewport, pixel by pixel. */
struct Poster
{
  vtkNew<vtkImageMapper> mapper;
  vtkNew<vtkActor2D> actor;

  Poster()
  {
    mapper->SetColorWindow(255.0);
    mapper->SetColorLevel(127.5);
    actor->SetMapper(mapper);
  }
  void
  Show(const RgbPicture & picture)
  {
    mapper->SetInputData(ToVtk(picture));
  }
};

constexpr Pane Planes[] = {Pane::Axial, Pane::Coronal, Pane::Sagittal};

} // namespace

struct Viewer::Parts
{
  explicit Parts(LinkedView & linked) : view(linked)
  {
  }

  LinkedView & view;
  vtkNew<vtkRenderWindow> window;
  vtkNew<vtkRenderWindowInteractor> interactor;
  vtkNew<LinkedStyle> style;
  vtkNew<vtkRenderer> planes[3];
  vtkNew<vtkRenderer> space;
  Poster posters[3];
  Poster information;
  std::vector<vtkSmartPointer<vtkActor>> surfaces;
  vtkNew<vtkActor> cross;
  double crossLength = 50.0;

  void
  Arrange();
  void
  PlaceCross();
  void
  Update();
  void
  HandleKey(const std::string & key);
};

void
Viewer::Parts::Arrange()
{
  const int * size = window->GetSize();
  if (size[0] >= 128 && size[1] >= 128)
  {
    view.Resize(static_cast<std::size_t>(size[0]), static_cast<std::size_t>(size[1]));
  }
  const auto place = [&](vtkRenderer * renderer, Pane pane)
  {
    const auto r = view.RectangleOf(pane);
    const double width = size[0];
    const double height = size[1];
    renderer->SetViewport(static_cast<double>(r.x) / width,
                          1.0 - static_cast<double>(r.y + r.height) / height,
                          static_cast<double>(r.x + r.width) / width,
                          1.0 - static_cast<double>(r.y) / height);
  };
  for (int i = 0; i < 3; ++i)
  {
    place(planes[i], Planes[i]);
  }
  place(space, Pane::Space);
}

void
Viewer::Parts::PlaceCross()
{
  const auto cursor = view.CursorInMm();
  vtkNew<vtkPoints> points;
  vtkNew<vtkCellArray> lines;
  for (vtkIdType axis = 0; axis < 3; ++axis)
  {
    for (const double side : {-1.0, 1.0})
    {
      auto end = cursor;
      end[static_cast<unsigned int>(axis)] += side * crossLength;
      points->InsertNextPoint(end.GetDataPointer());
    }
    lines->InsertNextCell({2 * axis, 2 * axis + 1});
  }
  vtkNew<vtkPolyData> data;
  data->SetPoints(points);
  data->SetLines(lines);
  vtkPolyDataMapper::SafeDownCast(cross->GetMapper())->SetInputData(data);
}

void
Viewer::Parts::Update()
{
  Arrange();
  for (int i = 0; i < 3; ++i)
  {
    posters[i].Show(view.PictureOfPane(Planes[i]));
  }
  information.Show(view.Information());
  PlaceCross();
  space->ResetCameraClippingRange();
  window->Render();
}

void
Viewer::Parts::HandleKey(const std::string & key)
{
  if (key == "q" || key == "e")
  {
    interactor->TerminateApp();
    return;
  }
  if (key == "3")
  {
    for (const auto & actor : surfaces)
    {
      actor->SetVisibility(!actor->GetVisibility());
    }
  }
  else if (!view.Key(key))
  {
    return;
  }
  Update();
}

Viewer::Viewer(LinkedView & view,
               const std::vector<SurfaceMesh> & surfaces,
               std::size_t width,
               std::size_t height)
    : m_Parts(std::make_unique<Parts>(view))
{
  RequireDisplay();
  auto & parts = *m_Parts;
  parts.window->SetMultiSamples(0);
  parts.window->SetSize(static_cast<int>(width), static_cast<int>(height));
  parts.window->SetWindowName("Sulcus");
  for (int i = 0; i < 3; ++i)
  {
    parts.planes[i]->AddActor2D(parts.posters[i].actor);
    parts.planes[i]->InteractiveOff();
    parts.window->AddRenderer(parts.planes[i]);
  }
  for (const auto & mesh : surfaces)
  {
    parts.surfaces.push_back(ActorOf(mesh, 1.0));
    parts.space->AddActor(parts.surfaces.back());
  }
  double bounds[6];
  parts.space->ComputeVisiblePropBounds(bounds);
  if (!surfaces.empty())
  {
    parts.crossLength =
        std::max({bounds[1] - bounds[0], bounds[3] - bounds[2], bounds[5] - bounds[4]});
  }
  vtkNew<vtkPolyDataMapper> mapper;
  parts.cross->SetMapper(mapper);
  parts.cross->GetProperty()->SetColor(
      CursorColour[0] / 255.0, CursorColour[1] / 255.0, CursorColour[2] / 255.0);
  parts.cross->GetProperty()->LightingOff();
  parts.space->AddActor(parts.cross);
  parts.space->AddActor2D(parts.information.actor);
  parts.space->SetBackground(18 / 255.0, 18 / 255.0, 23 / 255.0);
  parts.window->AddRenderer(parts.space);
  parts.interactor->SetRenderWindow(parts.window);
  parts.interactor->SetInteractorStyle(parts.style);
  parts.style->m_Press = [&parts](int x, int y)
  {
    const bool moved = parts.view.Press(x, y);
    if (moved)
    {
      parts.Update();
    }
    return moved;
  };
  parts.style->m_Scroll = [&parts](int x, int y, int slices)
  {
    const bool moved = parts.view.Scroll(x, y, slices);
    if (moved)
    {
      parts.Update();
    }
    return moved;
  };
  parts.style->m_Key = [&parts](const std::string & key) { parts.HandleKey(key); };
  parts.interactor->Initialize();
  parts.PlaceCross();
  auto * camera = parts.space->GetActiveCamera(); // from the front, the head up
  const auto cursor = view.CursorInMm();
  camera->SetFocalPoint(cursor[0], cursor[1], cursor[2]);
  camera->SetPosition(cursor[0] + 0.4, cursor[1] - 1.0, cursor[2] + 0.3);
  camera->SetViewUp(0, 0, 1);
  parts.space->ResetCamera();
  parts.Update();
}

Viewer::~Viewer() = default;

RgbPicture
Viewer::Photograph()
{
  m_Parts->Update();
  return PictureOf(m_Parts->window);
}

void
Viewer::SendPress(int x, int y)
{
  auto * interactor = m_Parts->interactor.Get();
  interactor->SetEventInformation(x, interactor->GetSize()[1] - 1 - y);
  interactor->InvokeEvent(vtkCommand::LeftButtonPressEvent);
  interactor->InvokeEvent(vtkCommand::LeftButtonReleaseEvent);
}

void
Viewer::SendKey(const std::string & name)
{
  auto * interactor = m_Parts->interactor.Get();
  interactor->SetKeySym(name.c_str());
  interactor->InvokeEvent(vtkCommand::KeyPressEvent);
}

void
Viewer::Run()
{
  auto & parts = *m_Parts;
  vtkNew<vtkCallbackCommand> resized;
  resized->SetClientData(&parts);
  resized->SetCallback([](vtkObject *, unsigned long, void * client, void *)
                       { static_cast<Parts *>(client)->Update(); });
  parts.interactor->AddObserver(vtkCommand::ConfigureEvent, resized);
  vtkNew<vtkCallbackCommand> polled; // a signal sets a flag alone; the event loop must look at it
  polled->SetClientData(&parts);
  polled->SetCallback(
      [](vtkObject *, unsigned long, void * client, void *)
      {
        if (ReceivedSignal() != 0)
        {
          static_cast<Parts *>(client)->interactor->TerminateApp();
        }
      });
  parts.interactor->AddObserver(vtkCommand::TimerEvent, polled);
  constexpr unsigned long pollInMs = 200;
  parts.interactor->CreateRepeatingTimer(pollInMs);
  parts.interactor->Start();
  ThrowIfInterrupted();
}

} // namespace sulcus
