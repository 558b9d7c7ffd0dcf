#include "sulcusVoxelFeatures.h"

#include "sulcusBlockFilters.h"
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

namespace sulcus
{
namespace
{

using detail::BoxMean;
using detail::Smooth;
using Values = std::vector<float>;

ImageBlock
With(const ImageBlock & block, const Values & values)
{
  return {block.size, block.spacingInMm, values};
}

/** result[i] = body(i) for every voxel. */
template <typename TBody>
Values
ForVoxels(const ImageBlock & block, const TBody & body)
{
  Values result(block.values.size());
  ParallelFor(
      result.size(),
      [&](std::size_t begin, std::size_t end)
      {
        for (std::size_t p = begin; p < end; ++p)
        {
          result[p] = body(p);
        }
      },
      4096);
  return result;
}

template <typename TBody>
Values
ForDerivatives(const ImageBlock & block, const TBody & body)
{
  const auto & size = block.size;
  return ForVoxels(block,
                   [&](std::size_t p)
                   {
                     return body(detail::DerivativesAt(
                         block, p % size[0], p / size[0] % size[1], p / size[0] / size[1]));
                   });
}

float
GradientMagnitude(const detail::Derivatives & d)
{
  return std::sqrt(d.x * d.x + d.y * d.y + d.z * d.z);
}

/** (|∇I|² ΔI - ∇Iᵀ H ∇I) / (2 |∇I|³). */
float
CurvatureOf(const detail::Derivatives & d, float smallestGradient)
{
  const double square = double(d.x) * d.x + double(d.y) * d.y + double(d.z) * d.z;
  const double gradient = std::sqrt(square);
  if (!(gradient > smallestGradient))
  {
    return 0.0F;
  }
  const double along =
      double(d.x) * d.x * d.xx + double(d.y) * d.y * d.yy + double(d.z) * d.z * d.zz +
      2.0 * (double(d.x) * d.y * d.xy + double(d.x) * d.z * d.xz + double(d.y) * d.z * d.yz);
  return float((square * (double(d.xx) + d.yy + d.zz) - along) / (2.0 * square * gradient));
}

/** Below this gradient an iso-surface is noise: a millionth of the largest gradient. */
float
SmallestGradient(const ImageBlock & block)
{
  const auto magnitudes = ForDerivatives(block, GradientMagnitude);
  return 1e-6F * *std::max_element(magnitudes.begin(), magnitudes.end());
}

/** Shannon entropy in nats of the 16-bin histogram of the window around every voxel. */
Values
LocalEntropy(const ImageBlock & block, double radiusInMm)
{
  constexpr int bins = 16;
  const auto [low, high] = std::minmax_element(block.values.begin(), block.values.end());
  const float first = *low;
  const float range = *high - *low;
  Values entropy(block.values.size(), 0.0F);
  for (int bin = 0; bin < bins && range > 0.0F; ++bin)
  {
    const auto member =
        ForVoxels(block,
                  [&](std::size_t p)
                  {
                    const int own =
                        std::min(bins - 1, int(float(bins) * (block.values[p] - first) / range));
                    return own == bin ? 1.0F : 0.0F;
                  });
    const auto share = BoxMean(With(block, member), radiusInMm);
    for (std::size_t p = 0; p < entropy.size(); ++p)
    {
      entropy[p] -= share[p] > 1e-6F ? share[p] * std::log(share[p]) : 0.0F;
    }
  }
  return entropy;
}

Values
Power(const ImageBlock & block, const Values & values, int exponent, double radiusInMm)
{
  const auto powers =
      ForVoxels(block, [&](std::size_t p) { return std::pow(values[p], float(exponent)); });
  return BoxMean(With(block, powers), radiusInMm);
}

/** Standard deviation over the window. */
Values
LocalDeviation(const ImageBlock & block, double radiusInMm)
{
  const Values values(block.values.begin(), block.values.end());
  const auto mean = BoxMean(block, radiusInMm);
  const auto squares = Power(block, values, 2, radiusInMm);
  return ForVoxels(block,
                   [&](std::size_t p)
                   { return std::sqrt(std::max(0.0F, squares[p] - mean[p] * mean[p])); });
}

/** Texture energy: deviation of the image from its smoothed self, over the window. */
Values
TextureEnergy(const ImageBlock & block, double scaleInMm)
{
  const auto smoothed = Smooth(block, scaleInMm);
  const auto rest = ForVoxels(block, [&](std::size_t p) { return block.values[p] - smoothed[p]; });
  return LocalDeviation(With(block, rest), 2.0 * scaleInMm);
}

/** Collects standardised features of the chosen voxels, one feature image at a time. */
class Collector
{
public:
  Collector(std::span<const std::uint32_t> voxels, std::size_t features)
      : m_Voxels(voxels), m_FeatureCount(features)
  {
    m_Matrix.values.resize(voxels.size() * features);
  }

  void
  Add(const std::string & name, Values values)
  {
    detail::Standardise(values);
    for (std::size_t i = 0; i < m_Voxels.size(); ++i)
    {
      // heavy tails (kurtosis, curvature) are bounded so that one voxel cannot rule a covariance
      m_Matrix.values[i * m_FeatureCount + m_Matrix.names.size()] =
          std::clamp(values[m_Voxels[i]], -20.0F, 20.0F);
    }
    m_Matrix.names.push_back(name);
  }

  FeatureMatrix
  Take()
  {
    return std::move(m_Matrix);
  }

private:
  std::span<const std::uint32_t> m_Voxels;
  std::size_t m_FeatureCount;
  FeatureMatrix m_Matrix;
};

void
AddMoments(Collector & collector,
           const ImageBlock & centred,
           double radius,
           const std::string & suffix)
{
  const Values values(centred.values.begin(), centred.values.end());
  const auto mean = BoxMean(centred, radius);
  const auto second = Power(centred, values, 2, radius);
  const auto third = Power(centred, values, 3, radius);
  const auto fourth = Power(centred, values, 4, radius);
  const auto variance = ForVoxels(
      centred, [&](std::size_t p) { return std::max(0.0F, second[p] - mean[p] * mean[p]); });
  const float floor = 1e-9F + 1e-6F * *std::max_element(variance.begin(), variance.end());
  collector.Add("mean" + suffix, mean);
  collector.Add("deviation" + suffix,
                ForVoxels(centred, [&](std::size_t p) { return std::sqrt(variance[p]); }));
  collector.Add("skewness" + suffix,
                ForVoxels(centred,
                          [&](std::size_t p)
                          {
                            const float m = mean[p];
                            const float moment = third[p] - 3.0F * m * second[p] + 2.0F * m * m * m;
                            return variance[p] > floor ? moment / std::pow(variance[p], 1.5F)
                                                       : 0.0F;
                          }));
  collector.Add("kurtosis" + suffix,
                ForVoxels(centred,
                          [&](std::size_t p)
                          {
                            const float m = mean[p];
                            const float moment = fourth[p] - 4.0F * m * third[p] +
                                                 6.0F * m * m * second[p] - 3.0F * m * m * m * m;
                            return variance[p] > floor ? moment / (variance[p] * variance[p]) - 3.0F
                                                       : 0.0F;
                          }));
}

void
AddScale(Collector & collector, const ImageBlock & centred, double scale)
{
  const std::string suffix = "_" + std::to_string(int(scale)) + "mm";
  const auto smoothed = Smooth(centred, scale);
  const auto block = With(centred, smoothed);
  collector.Add("smoothed" + suffix, smoothed);
  AddMoments(collector, centred, 2.0 * scale, suffix);
  collector.Add("gradient" + suffix, ForDerivatives(block, GradientMagnitude));
  for (unsigned e = 0; e < 3; ++e)
  {
    collector.Add("hessian" + std::to_string(e + 1) + suffix,
                  ForDerivatives(block, [e](const auto & d) { return detail::Eigenvalues(d)[e]; }));
  }
  collector.Add("texture" + suffix, TextureEnergy(centred, scale));
  collector.Add("entropy" + suffix, LocalEntropy(centred, 2.0 * scale));
  auto curvature = MeanCurvature(centred, scale);
  for (auto & value : curvature)
  {
    value = std::clamp(value, -1.0F, 1.0F); // sharper than 1 mm is below what a voxel can show
  }
  collector.Add("curvature_entropy" + suffix, LocalEntropy(With(centred, curvature), 2.0 * scale));
  collector.Add("curvature" + suffix, std::move(curvature));
}

/** Values minus their median and divided by their spread, so that powers stay well scaled. */
Values
Centred(const ImageBlock & block)
{
  Values values(block.values.begin(), block.values.end());
  detail::Standardise(values);
  return values;
}

} // namespace

std::vector<float>
MeanCurvature(const ImageBlock & block, double scaleInMm)
{
  const auto smoothed = Smooth(block, scaleInMm);
  const auto smooth = With(block, smoothed);
  const float smallest = SmallestGradient(smooth);
  return ForDerivatives(smooth, [smallest](const auto & d) { return CurvatureOf(d, smallest); });
}

PairFeatures
ComputePairFeatures(const ImageBlock & block)
{
  PairFeatures features;
  features.intensity = Centred(block);
  features.texture = TextureEnergy(block, 1.0);
  features.curvature = MeanCurvature(block, 1.0);
  for (auto & value : features.curvature)
  {
    value = std::clamp(value, -1.0F, 1.0F);
  }
  detail::Standardise(features.texture);
  detail::Standardise(features.curvature);
  return features;
}

FeatureMatrix
ComputeVoxelFeatures(const ImageBlock & block, std::span<const std::uint32_t> voxels)
{
  const auto centred = Centred(block);
  const auto image = With(block, centred);
  Collector collector(voxels, 43);
  for (const double scale : {1.0, 2.0, 4.0})
  {
    AddScale(collector, image, scale);
  }
  const auto & size = block.size;
  const auto place = [&](std::size_t index, unsigned axis)
  { return size[axis] > 1 ? float(double(index) / double(size[axis] - 1)) : 0.0F; };
  collector.Add("x", ForVoxels(image, [&](std::size_t p) { return place(p % size[0], 0); }));
  collector.Add("y",
                ForVoxels(image, [&](std::size_t p) { return place(p / size[0] % size[1], 1); }));
  collector.Add("z",
                ForVoxels(image, [&](std::size_t p) { return place(p / size[0] / size[1], 2); }));
  Values sorted = centred;
  std::sort(sorted.begin(), sorted.end());
  collector.Add("decile",
                ForVoxels(image,
                          [&](std::size_t p)
                          {
                            const auto below =
                                std::lower_bound(sorted.begin(), sorted.end(), centred[p]) -
                                sorted.begin();
                            return std::floor(10.0F * float(below) / float(sorted.size()));
                          }));
  return collector.Take();
}

} // namespace sulcus
