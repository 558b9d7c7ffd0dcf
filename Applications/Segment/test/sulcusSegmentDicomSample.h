#pragma once

#include <sulcusAtomicWrite.h>
#include <sulcusDicomFolder.h>
#include <sulcusModelFile.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sulcus
{

/** A small sagittal series, anisotropic and off the origin, and a model with two structures whose
 * weights are random: about every voxel belongs to something. */
class SegmentDicom : public testing::Test
{
protected:
  void
  SetUp() override
  {
    ModelFile model;
    model.plan.labels = {{0, "background"}, {1, "left part"}, {2, "right part"}};
    model.plan.normalisation = {{}};
    model.plan.network.classes = 3;
    model.plan.network.widths = {16, 16};
    model.plan.network.strides = {{1, 1, 1}, {2, 2, 2}};
    model.plan.network.kernels = {{3, 3, 3}, {3, 3, 3}};
    model.plan.patchSize = {16, 16, 16};
    model.weights = StateOf(*BuildNetwork(model.plan.network, 3));
    WriteModelFile(At("model.safetensors"), model, Overwrite::Refuse);
    ImageGrid grid;
    grid.size = {{13, 15, 10}}; // 195 pixels: frames do not end at whole bytes
    grid.spacing[0] = 0.8;
    grid.spacing[2] = 1.5;
    grid.origin[0] = -20;
    grid.direction.Fill(0.0); // sagittal slices, as a scanner stores them
    grid.direction[1][0] = 1;
    grid.direction[2][1] = -1;
    grid.direction[0][2] = -1;
    m_Image = NewImage<FloatImage>(grid);
    for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
    {
      m_Image->GetBufferPointer()[i] = static_cast<float>((i * 2654435761U) % 1000);
    }
    WriteDicomFolder(m_Folder / "dicom", m_Image.GetPointer());
    WriteImage(At("scan.nii.gz"), m_Image.GetPointer());
  }

  std::string
  At(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  ProgramResult
  Segment(const std::string & input,
          const std::string & output,
          const std::vector<std::string> & more = {}) const
  {
    std::vector<std::string> arguments{
        At(input), "--model", At("model.safetensors"), "--output", At(output)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("segment", arguments);
  }

  TestFolder m_Folder;
  FloatImage::Pointer m_Image;
};

} // namespace sulcus
