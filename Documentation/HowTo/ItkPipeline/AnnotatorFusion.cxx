// Three annotators of one structure, fused by a filter in an ITK pipeline. Each of them is a ball
// that ITK thresholds out of a blob; two are shifted by a voxel to either side, and one did not
// look at the first slices. Put your itk::ImageFileReaders where the balls are.
#include <sulcusGraphCutConsensusImageFilter.h>
#include <sulcusLabelVoteImageFilter.h>

#include <itkBinaryThresholdImageFilter.h>
#include <itkGaussianImageSource.h>
#include <itkImageRegionIterator.h>

#include <array>
#include <iostream>

namespace
{

using LabelType = itk::Image<unsigned char, 3>;
using RealType = itk::Image<float, 3>;
constexpr unsigned char missing = 255;

LabelType::Pointer
Ball(double x)
{
  auto source = itk::GaussianImageSource<RealType>::New();
  source->SetSize({{32, 32, 32}});
  source->SetScale(1.0);
  std::array<double, 3> mean{x, 16.0, 16.0};
  source->SetMean(itk::FixedArray<double, 3>(mean));
  source->SetSigma(itk::FixedArray<double, 3>(8.0));
  auto threshold = itk::BinaryThresholdImageFilter<RealType, LabelType>::New();
  threshold->SetInput(source->GetOutput());
  threshold->SetLowerThreshold(0.5F);
  threshold->SetInsideValue(1);
  threshold->SetOutsideValue(0);
  threshold->Update();
  return threshold->GetOutput();
}

/** Not annotated is not background. */
void
ForgetSlicesBelow(LabelType * labels, int slice)
{
  for (itk::ImageRegionIterator<LabelType> voxel(labels, labels->GetLargestPossibleRegion());
       !voxel.IsAtEnd();
       ++voxel)
  {
    if (voxel.GetIndex()[2] < slice)
    {
      voxel.Set(missing);
    }
  }
}

std::size_t
Differences(const LabelType * a, const LabelType * b)
{
  std::size_t count = 0;
  for (std::size_t i = 0; i < a->GetLargestPossibleRegion().GetNumberOfPixels(); ++i)
  {
    count += a->GetBufferPointer()[i] != b->GetBufferPointer()[i] ? 1 : 0;
  }
  return count;
}

} // namespace

int
main()
{
  const auto centre = Ball(16.0);
  const std::array<LabelType::Pointer, 3> drawn{Ball(15.0), Ball(16.0), Ball(17.0)};

  auto vote = sulcus::LabelVoteImageFilter<LabelType>::New();
  for (unsigned i = 0; i < 3; ++i)
  {
    vote->SetAnnotation(i, drawn[i]);
  }
  vote->Update();
  // Two of three agree exactly on the ball in the middle.
  const std::size_t wrong = Differences(vote->GetOutput(), centre);

  ForgetSlicesBelow(drawn[2], 10);
  auto cut = sulcus::GraphCutConsensusImageFilter<LabelType>::New();
  cut->SetMissingValue(missing);
  for (unsigned i = 0; i < 3; ++i)
  {
    cut->SetAnnotation(i, drawn[i]);
  }
  cut->Update();
  const LabelType::IndexType middle{{16, 16, 16}};
  const LabelType::IndexType border{{6, 16, 16}};
  std::cout << "majority: " << wrong << " voxels differ from the ball in the middle; confidence "
            << cut->GetConfidence()->GetPixel(middle) << " inside, "
            << cut->GetConfidence()->GetPixel(border) << " at the border\n";
  const bool expected = wrong == 0 && cut->GetOutput()->GetPixel(middle) == 1 &&
                        cut->GetConfidence()->GetPixel(middle) == 1.0F &&
                        cut->GetConfidence()->GetPixel(border) < 1.0F;
  return expected ? 0 : 1;
}
