#include "sulcusNiftiSample.h"
#include <sulcusImageReaders.h>

#include <itkShiftScaleImageFilter.h>

#include <gtest/gtest.h>

using namespace sulcus;

TEST(ImageReaders, StartAnItkPipeline)
{
  const TemporaryFolder folder;
  const auto reader = FloatImageReader::New();
  reader->SetFileName(folder.Write("a.nii", NiftiSample().Bytes()));
  const auto shift = itk::ShiftScaleImageFilter<FloatImage, FloatImage>::New();
  shift->SetInput(reader->GetOutput());
  shift->SetShift(1.0);
  shift->Update();
  EXPECT_EQ(shift->GetOutput()->GetPixel({{4, 3, 2}}), 60.0F);
  EXPECT_LT(LargestCornerDistance(GridOf(shift->GetOutput()), NiftiSample::Grid()), 1e-4);
  NiftiSample other;
  other.SetFloat(112, 2.0F);
  reader->SetFileName(folder.Write("b.nii", other.Bytes()));
  shift->Update();
  EXPECT_EQ(shift->GetOutput()->GetPixel({{4, 3, 2}}), 119.0F);
}

TEST(ImageReaders, PassErrorsOn)
{
  const auto reader = LabelImageReader::New();
  reader->SetFileName("/nowhere/label.nii");
  EXPECT_THROW(reader->Update(), InputError);
}
