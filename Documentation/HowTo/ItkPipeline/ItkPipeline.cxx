// Sulcus's filters between ITK's own: source -> orient -> resample -> normalise -> statistics.
// Nothing here is a type of Sulcus's but the filters; put your itk::ImageFileReader where the
// source is.
#include <sulcusGridResampleImageFilter.h>
#include <sulcusNormaliseImageFilters.h>
#include <sulcusOrientImageFilter.h>

#include <itkGaussianImageSource.h>
#include <itkStatisticsImageFilter.h>

#include <cmath>
#include <iostream>

int
main()
{
  using ScanType = itk::Image<short, 3>;
  using RealType = itk::Image<float, 3>;

  // A bright blob on a grid whose axes run to the right, the head and the back, with thick slices.
  auto source = itk::GaussianImageSource<ScanType>::New();
  ScanType::DirectionType direction;
  direction.Fill(0.0);
  direction[0][0] = -1.0;
  direction[2][1] = 1.0;
  direction[1][2] = 1.0;
  ScanType::SpacingType spacing;
  spacing[0] = 0.9;
  spacing[1] = 0.9;
  spacing[2] = 3.0;
  source->SetSize({{64, 48, 20}});
  source->SetSpacing(spacing);
  source->SetDirection(direction);
  source->SetScale(1000.0);
  source->SetMean(itk::FixedArray<double, 3>(25.0));
  source->SetSigma(itk::FixedArray<double, 3>(12.0));

  auto orient = sulcus::OrientImageFilter<ScanType>::New();
  orient->SetInput(source->GetOutput());
  orient->SetOrientation("LPS");

  auto resample = sulcus::GridResampleImageFilter<ScanType, RealType>::New();
  resample->SetInput(orient->GetOutput());
  resample->SetOutputSpacing({1.0, 1.0, 1.0});
  resample->SetInterpolation(sulcus::Interpolation::CubicBSpline);
  resample->ExtendEdgesOn();

  auto normalise = sulcus::ZScoreImageFilter<RealType>::New();
  normalise->SetInput(resample->GetOutput());

  auto statistics = itk::StatisticsImageFilter<RealType>::New();
  statistics->SetInput(normalise->GetOutput());
  statistics->Update();

  const auto size = resample->GetOutput()->GetLargestPossibleRegion().GetSize();
  std::cout << "size " << size << ", spacing " << resample->GetOutput()->GetSpacing() << ", mean "
            << statistics->GetMean() << ", deviation " << statistics->GetSigma() << '\n';
  const bool expected = size[0] == 58 && size[1] == 60 && size[2] == 43 &&
                        std::abs(statistics->GetMean()) < 1e-4 &&
                        std::abs(statistics->GetSigma() - 1.0) < 1e-3;
  return expected ? 0 : 1;
}
