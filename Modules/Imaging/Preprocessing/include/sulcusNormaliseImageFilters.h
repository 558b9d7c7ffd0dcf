#pragma once

#include "sulcusIntensityMapImageFilter.h"

namespace sulcus
{

/** Clips to percentiles of the tissue (0.5 and 99.5 by default): removes outliers, changes nothing
 * else. */
template <typename TInputImage, typename TOutputImage = TInputImage>
class PercentileClipImageFilter : public IntensityMapImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(PercentileClipImageFilter);

  using Self = PercentileClipImageFilter;
  using Superclass = IntensityMapImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);
  itkTypeMacro(PercentileClipImageFilter, IntensityMapImageFilter);
  itkSetMacro(LowPercentile, double);
  itkGetConstMacro(LowPercentile, double);
  itkSetMacro(HighPercentile, double);
  itkGetConstMacro(HighPercentile, double);

protected:
  PercentileClipImageFilter() = default;
  ~PercentileClipImageFilter() override = default;

  std::vector<double>
  WantedPercentiles() const override
  {
    return {m_LowPercentile, m_HighPercentile};
  }
  IntensityMap
  DeriveMap(const IntensityStatistics & s) const override
  {
    return ClipMap(s.percentiles[0], s.percentiles[1]);
  }

private:
  double m_LowPercentile = 0.5;
  double m_HighPercentile = 99.5;
};

/** Mean 0 and standard deviation 1 inside the tissue; a constant tissue becomes 0. */
template <typename TInputImage, typename TOutputImage = itk::Image<float, 3>>
class ZScoreImageFilter : public IntensityMapImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ZScoreImageFilter);

  using Self = ZScoreImageFilter;
  using Superclass = IntensityMapImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);
  itkTypeMacro(ZScoreImageFilter, IntensityMapImageFilter);

protected:
  ZScoreImageFilter() = default;
  ~ZScoreImageFilter() override = default;

  IntensityMap
  DeriveMap(const IntensityStatistics & s) const override
  {
    return ZScoreMap(s.mean, s.standardDeviation);
  }
};

/** Percentiles of the tissue (1 and 99 by default) onto 0 and 1, linear beyond; a constant tissue
 * becomes 0. */
template <typename TInputImage, typename TOutputImage = itk::Image<float, 3>>
class PercentileRescaleImageFilter : public IntensityMapImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(PercentileRescaleImageFilter);

  using Self = PercentileRescaleImageFilter;
  using Superclass = IntensityMapImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);
  itkTypeMacro(PercentileRescaleImageFilter, IntensityMapImageFilter);
  itkSetMacro(LowPercentile, double);
  itkGetConstMacro(LowPercentile, double);
  itkSetMacro(HighPercentile, double);
  itkGetConstMacro(HighPercentile, double);

protected:
  PercentileRescaleImageFilter() = default;
  ~PercentileRescaleImageFilter() override = default;

  std::vector<double>
  WantedPercentiles() const override
  {
    return {m_LowPercentile, m_HighPercentile};
  }
  IntensityMap
  DeriveMap(const IntensityStatistics & s) const override
  {
    return RescaleMap(s.percentiles[0], s.percentiles[1]);
  }

private:
  double m_LowPercentile = 1.0;
  double m_HighPercentile = 99.0;
};

/** Moves the landmarks of the tissue onto a standard scale made by LearnNyulScale. */
template <typename TInputImage, typename TOutputImage = itk::Image<float, 3>>
class NyulImageFilter : public IntensityMapImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(NyulImageFilter);

  using Self = NyulImageFilter;
  using Superclass = IntensityMapImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);
  itkTypeMacro(NyulImageFilter, IntensityMapImageFilter);
  void
  SetStandardScale(const std::vector<double> & scale)
  {
    m_StandardScale = scale;
    this->Modified();
  }

protected:
  NyulImageFilter() = default;
  ~NyulImageFilter() override = default;

  std::vector<double>
  WantedPercentiles() const override
  {
    return NyulPercentiles();
  }
  IntensityMap
  DeriveMap(const IntensityStatistics & s) const override
  {
    return NyulMap(s.percentiles, m_StandardScale);
  }

private:
  std::vector<double> m_StandardScale;
};

} // namespace sulcus
