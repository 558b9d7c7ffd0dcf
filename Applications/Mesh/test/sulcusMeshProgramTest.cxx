#include <sulcusAtomicWrite.h>
#include <sulcusImageGrid.h>
#include <sulcusLabelSurface.h>
#include <sulcusMeshFiles.h>
#include <sulcusRunProgram.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sulcus
{
namespace
{

/** Boxes of labels 1 and 5 on an oblique grid, written as seg.nrrd with a name. */
class MeshProgram : public testing::Test
{
protected:
  MeshProgram()
  {
    ImageGrid grid;
    grid.size = {{24, 20, 16}};
    grid.spacing[2] = 2.0;
    grid.origin[0] = -40.0;
    grid.direction[0][0] = grid.direction[1][1] = std::cos(0.3);
    grid.direction[1][0] = std::sin(0.3);
    grid.direction[0][1] = -grid.direction[1][0];
    m_Labels = NewImage<LabelImage>(grid);
    for (int z = 2; z < 12; ++z)
    {
      for (int y = 3; y < 15; ++y)
      {
        for (int x = 0; x < 20; ++x)
        {
          m_Labels->SetPixel({{x, y, z}}, x < 10 ? 1 : 5);
        }
      }
    }
    WriteOptions named;
    named.segments = {DefaultSegment(1), DefaultSegment(5)};
    named.segments[1].name = "Left/part é";
    WriteImage(Path("labels.seg.nrrd"), m_Labels.GetPointer(), named);
    WriteImage(Path("empty.nii"), NewImage<LabelImage>(grid).GetPointer());
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  LabelImage::Pointer m_Labels;
  TestFolder m_Folder;
};

} // namespace

TEST_F(MeshProgram, OneFileHoldsWhatTheModuleMakes)
{
  for (const std::string name : {"a.ply", "a.vtp", "a.gltf", "a.glb", "a.obj"})
  {
    const auto run = RunProgram("mesh", {Path("labels.seg.nrrd"), Path(name)});
    ASSERT_EQ(run.status, 0) << run.errors;
    auto segments = std::vector{DefaultSegment(1), DefaultSegment(5)};
    segments[1].name = "Left/part é";
    const auto meshes = ExtractSurfaces(m_Labels, {}, segments);
    EXPECT_EQ(TextOf(Path(name)), EncodeMeshes(meshes, MeshFormatOf(name))) << name;
  }
}

TEST_F(MeshProgram, FolderHoldsOneFileAStructureAndTheReportItsVolume)
{
  const auto run = RunProgram("mesh",
                              {Path("labels.seg.nrrd"),
                               Path("meshes"),
                               "--report",
                               Path("report.json"),
                               "--reduction",
                               "0.5"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(FilesBelow(m_Folder / "meshes"),
            (std::vector<std::string>{"1_Segment_1.stl", "5_Left_part___.stl"}));
  EXPECT_NE(run.output.find("label\tname\ttriangles"), std::string::npos) << run.output;
  const auto report = nlohmann::json::parse(TextOf(Path("report.json")));
  EXPECT_NEAR(report["results"]["surfaces"][1]["volume_mm3"].get<double>(), 10 * 12 * 20.0, 24.0);
}

TEST_F(MeshProgram, RefusalsHaveTheirExitStatusAndLeaveNothing)
{
  const auto status = [this](const std::vector<std::string> & arguments)
  {
    const auto run = RunProgram("mesh", arguments);
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    return run.status;
  };
  const auto labels = Path("labels.seg.nrrd");
  EXPECT_EQ(status({labels, Path("x.stl")}), 2);
  EXPECT_EQ(status({labels, Path("x.vtk")}), 2);
  EXPECT_EQ(status({labels, Path("x.ply"), "--structures", "1,3"}), 2);
  EXPECT_EQ(status({Path("empty.nii"), Path("x.ply")}), 3);
  EXPECT_EQ(status({Path("none.nii"), Path("x.ply")}), 3);
  EXPECT_EQ(FilesBelow(m_Folder.Path()).size(), 2U);
  ASSERT_EQ(RunProgram("mesh", {labels, Path("x.stl"), "--structures", "5"}).status, 0);
  EXPECT_EQ(status({labels, Path("x.stl"), "--structures", "5"}), 4);
}

} // namespace sulcus
