#include "sulcusMeshFiles.h"

#include "sulcusBallOnGrid.h"
#include "sulcusLabelSurface.h"
#include <sulcusAtomicFile.h>
#include <sulcusRunProgram.h>

#include <vtkCellData.h>
#include <vtkDataArray.h>
#include <vtkFieldData.h>
#include <vtkGLTFReader.h>
#include <vtkMultiBlockDataSet.h>
#include <vtkNew.h>
#include <vtkOBJReader.h>
#include <vtkPLYReader.h>
#include <vtkPointData.h>
#include <vtkPolyData.h>
#include <vtkSTLReader.h>
#include <vtkStringArray.h>
#include <vtkXMLPolyDataReader.h>

#include <gtest/gtest.h>

#include <functional>

namespace sulcus
{
namespace
{

/** Two small balls in different places. */
std::vector<SurfaceMesh>
TwoMeshes()
{
  const auto grid = TiltedGrid({{24, 18, 16}}, {1.0, 1.2, 1.5});
  const auto labels = NewImage<LabelImage>(grid);
  DrawBall(labels, grid.PointAt(6, 8, 8), 5.0, 1);
  DrawBall(labels, grid.PointAt(17, 9, 7), 6.0, 12);
  return ExtractSurfaces(labels, {}, {});
}

class MeshFiles : public testing::Test
{
protected:
  std::string
  Write(const std::vector<SurfaceMesh> & meshes, const std::string & name)
  {
    const auto path = (m_Folder / name).string();
    AtomicWriteText(path, EncodeMeshes(meshes, MeshFormatOf(path)), Overwrite::Refuse);
    return path;
  }

  /** Points of all meshes, one after the other, agree with those of a data set. */
  static void
  ExpectSamePoints(const std::vector<SurfaceMesh> & meshes, vtkPolyData * data, double tolerance)
  {
    vtkIdType p = 0;
    vtkIdType triangles = 0;
    for (const auto & mesh : meshes)
    {
      for (const auto & point : mesh.points)
      {
        ASSERT_LT(p, data->GetNumberOfPoints());
        double read[3];
        data->GetPoint(p++, read);
        for (std::size_t i = 0; i < 3; ++i)
        {
          ASSERT_NEAR(read[i], point[i], tolerance);
        }
      }
      triangles += static_cast<vtkIdType>(mesh.triangles.size());
    }
    EXPECT_EQ(p, data->GetNumberOfPoints());
    EXPECT_EQ(triangles, data->GetNumberOfPolys());
  }

  TestFolder m_Folder;
};

} // namespace

TEST_F(MeshFiles, VtpIsWhatVtkReads)
{
  const auto meshes = TwoMeshes();
  vtkNew<vtkXMLPolyDataReader> reader;
  reader->SetFileName(Write(meshes, "a.vtp").c_str());
  reader->Update();
  auto * data = reader->GetOutput();
  ExpectSamePoints(meshes, data, 0.0);
  auto * space = vtkStringArray::SafeDownCast(data->GetFieldData()->GetAbstractArray("SPACE"));
  ASSERT_NE(space, nullptr);
  EXPECT_EQ(space->GetValue(0), "LPS");
  auto * label = data->GetCellData()->GetArray("Label");
  ASSERT_NE(label, nullptr);
  EXPECT_EQ(label->GetTuple1(0), 1.0);
  EXPECT_EQ(label->GetTuple1(data->GetNumberOfPolys() - 1), 12.0);
  double normal[3];
  data->GetPointData()->GetNormals()->GetTuple(5, normal);
  EXPECT_FLOAT_EQ(static_cast<float>(normal[1]), meshes[0].normals[5][1]);
}

TEST_F(MeshFiles, PlyIsWhatVtkReads)
{
  const auto meshes = TwoMeshes();
  const auto path = Write(meshes, "a.ply");
  vtkNew<vtkPLYReader> reader;
  reader->SetFileName(path.c_str());
  reader->Update();
  ExpectSamePoints(meshes, reader->GetOutput(), 0.0);
  auto * colour = reader->GetOutput()->GetPointData()->GetArray("RGB");
  ASSERT_NE(colour, nullptr);
  EXPECT_EQ(colour->GetComponent(0, 1), meshes[0].color[1]);
  EXPECT_NE(TextOf(path).find("comment SPACE=LPS\n"), std::string::npos);
}

TEST_F(MeshFiles, StlHoldsOneStructureInMillimetres)
{
  const auto meshes = TwoMeshes();
  EXPECT_THROW(EncodeMeshes(meshes, MeshFormat::Stl), UsageError);
  const auto path = Write({meshes[1]}, "a.stl");
  vtkNew<vtkSTLReader> reader;
  reader->SetFileName(path.c_str());
  reader->MergingOff();
  reader->Update();
  auto * data = reader->GetOutput();
  ASSERT_EQ(data->GetNumberOfPolys(), static_cast<vtkIdType>(meshes[1].triangles.size()));
  for (std::size_t t = 0; t < meshes[1].triangles.size(); ++t)
  {
    double read[3];
    data->GetPoint(static_cast<vtkIdType>(3 * t + 2), read);
    const auto & point = meshes[1].points[meshes[1].triangles[t][2]];
    ASSERT_FLOAT_EQ(static_cast<float>(read[0]), point[0]);
    ASSERT_FLOAT_EQ(static_cast<float>(read[2]), point[2]);
  }
  const auto text = TextOf(path);
  EXPECT_NE(text.substr(0, 80).find("SPACE=LPS"), std::string::npos);
  EXPECT_NE(text.substr(0, 5), "solid");
  EXPECT_EQ(text.size(), 84 + 50 * meshes[1].triangles.size());
}

TEST_F(MeshFiles, ObjIsWhatVtkReads)
{
  const auto meshes = TwoMeshes();
  const auto path = Write(meshes, "a.obj");
  vtkNew<vtkOBJReader> reader;
  reader->SetFileName(path.c_str());
  reader->Update();
  ExpectSamePoints(meshes, reader->GetOutput(), 1e-4);
  EXPECT_NE(TextOf(path).find("\no Segment_12\n"), std::string::npos);
}

TEST_F(MeshFiles, GltfIsUprightAndInMetresAndBothKindsAgree)
{
  const auto meshes = TwoMeshes();
  for (const char * name : {"a.gltf", "a.glb"})
  {
    vtkNew<vtkGLTFReader> reader;
    reader->SetFileName(Write(meshes, name).c_str());
    reader->ApplyDeformationsToGeometryOn();
    reader->Update();
    std::vector<vtkPolyData *> found;
    const std::function<void(vtkMultiBlockDataSet *)> visit = [&](vtkMultiBlockDataSet * blocks)
    {
      for (unsigned int i = 0; i < blocks->GetNumberOfBlocks(); ++i)
      {
        if (auto * inner = vtkMultiBlockDataSet::SafeDownCast(blocks->GetBlock(i)))
        {
          visit(inner);
        }
        else if (auto * data = vtkPolyData::SafeDownCast(blocks->GetBlock(i)))
        {
          found.push_back(data);
        }
      }
    };
    visit(vtkMultiBlockDataSet::SafeDownCast(reader->GetOutput()));
    ASSERT_EQ(found.size(), 2U) << name;
    for (std::size_t m = 0; m < 2; ++m)
    {
      ASSERT_EQ(found[m]->GetNumberOfPoints(), static_cast<vtkIdType>(meshes[m].points.size()));
      ASSERT_EQ(found[m]->GetNumberOfCells(), static_cast<vtkIdType>(meshes[m].triangles.size()));
      for (std::size_t p = 0; p < meshes[m].points.size(); ++p)
      {
        double read[3];
        found[m]->GetPoint(static_cast<vtkIdType>(p), read);
        const auto & point = meshes[m].points[p];
        ASSERT_NEAR(read[0], 1e-3 * point[0], 1e-6);  // left
        ASSERT_NEAR(read[1], 1e-3 * point[2], 1e-6);  // up is the head
        ASSERT_NEAR(read[2], -1e-3 * point[1], 1e-6); // forward is the front
      }
    }
  }
}

TEST_F(MeshFiles, UnknownEndingsAndNothingToWriteAreRefused)
{
  EXPECT_THROW(MeshFormatOf("a.vtk"), UsageError);
  EXPECT_TRUE(IsMeshName("x/y.glb"));
  EXPECT_FALSE(IsMeshName("folder"));
  EXPECT_THROW(EncodeMeshes({}, MeshFormat::Ply), UsageError);
}

} // namespace sulcus
