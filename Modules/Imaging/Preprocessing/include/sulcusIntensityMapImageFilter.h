#pragma once

#include "sulcusFilterPieces.h"
#include "sulcusIntensityMap.h"
#include "sulcusIntensityStatistics.h"
#include "sulcusNyul.h"
#include "sulcusTapRows.h"
#include "sulcusWholeImageFilter.h"

#include <optional>
#include <vector>

namespace sulcus
{

/** Applies a piecewise linear intensity map that a derived filter finds from the statistics of the
 * image, inside an optional mask (second input, same grid, non-zero = tissue). Statistics are exact
 * and leave out voxels that are not finite; those pass through as NaN. */
template <typename TInputImage, typename TOutputImage = itk::Image<float, 3>>
class IntensityMapImageFilter : public WholeImageFilter<TInputImage, TOutputImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(IntensityMapImageFilter);

  using Self = IntensityMapImageFilter;
  using Superclass = WholeImageFilter<TInputImage, TOutputImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using MaskImageType = itk::Image<std::uint8_t, 3>;

  itkTypeMacro(IntensityMapImageFilter, WholeImageFilter);

  /** Tissue; without it every voxel counts. */
  itkSetInputMacro(MaskImage, MaskImageType);
  itkGetInputMacro(MaskImage, MaskImageType);

  /** The map that was applied; valid after Update. */
  const IntensityMap &
  GetMap() const
  {
    return m_Map;
  }

protected:
  IntensityMapImageFilter()
  {
    this->AddOptionalInputName("MaskImage");
  }
  ~IntensityMapImageFilter() override = default;

  /** Percentiles that DeriveMap wants to see. */
  virtual std::vector<double>
  WantedPercentiles() const
  {
    return {};
  }
  virtual IntensityMap
  DeriveMap(const IntensityStatistics & statistics) const = 0;

  void
  GenerateData() override
  {
    this->AllocateOutputs();
    const auto * source = this->GetInput()->GetBufferPointer();
    auto * target = this->GetOutput()->GetBufferPointer();
    const std::size_t count = this->GetInput()->GetBufferedRegion().GetNumberOfPixels();
    m_Map = DeriveMap(Measure(source, count));
    const auto pieces = m_Map.Pieces();
    constexpr std::size_t line = 4096;
    ForEachPiece(*this,
                 (count + line - 1) / line,
                 line,
                 0.5F,
                 1.0F,
                 [&](std::size_t begin, std::size_t end)
                 {
                   std::vector<float> in(line);
                   std::vector<float> out(line);
                   for (std::size_t first = begin * line; first < std::min(count, end * line);
                        first += line)
                   {
                     const std::size_t length = std::min(line, count - first);
                     std::transform(source + first,
                                    source + first + length,
                                    in.begin(),
                                    [](auto v) { return static_cast<float>(v); });
                     ApplyPieces(pieces, in.data(), length, out.data());
                     StoreRow(out.data(), length, target + first);
                   }
                 });
  }

private:
  IntensityStatistics
  Measure(const typename TInputImage::PixelType * source, std::size_t count) const
  {
    const auto * mask = this->GetMaskImage();
    std::span<const std::uint8_t> inside;
    if (mask != nullptr)
    {
      inside = std::span(mask->GetBufferPointer(), mask->GetBufferedRegion().GetNumberOfPixels());
    }
    if constexpr (std::is_same_v<typename TInputImage::PixelType, float>)
    {
      return MeasureIntensities(std::span(source, count), inside, WantedPercentiles());
    }
    else
    {
      const std::vector<float> values(source, source + count);
      return MeasureIntensities(values, inside, WantedPercentiles());
    }
  }

  IntensityMap m_Map;
};

} // namespace sulcus
