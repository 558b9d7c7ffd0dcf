#include "sulcusCalibration.h"

#include "sulcusDistanceTransform.h"
#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

constexpr double NotANumber = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t PieceOfVoxels = std::size_t{1} << 16;

/** Adds up the voxels in pieces of fixed size, merged in order: same bits for any thread count. */
template <typename TAddVoxel>
CalibrationAccumulator
AccumulateVoxels(std::size_t voxels, int bins, const MaskImage * region, const TAddVoxel & addVoxel)
{
  const std::size_t pieces = (voxels + PieceOfVoxels - 1) / PieceOfVoxels;
  std::vector<CalibrationAccumulator> parts(pieces, CalibrationAccumulator(bins));
  ParallelFor(pieces,
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t piece = begin; piece < end; ++piece)
                {
                  const std::size_t last = std::min(voxels, (piece + 1) * PieceOfVoxels);
                  for (std::size_t i = piece * PieceOfVoxels; i < last; ++i)
                  {
                    if (!region || region->GetBufferPointer()[i] != 0)
                    {
                      addVoxel(parts[piece], i);
                    }
                  }
                }
              });
  CalibrationAccumulator all(bins);
  for (const auto & part : parts)
  {
    all.Add(part);
  }
  return all;
}

void
RequireGrids(const itk::ImageBase<3> * probability,
             const LabelImage * reference,
             const MaskImage * region)
{
  RequireSameGrid(probability, reference, "probabilities", "reference");
  if (region)
  {
    RequireSameGrid(region, reference, "region", "reference");
  }
}

std::vector<std::uint8_t>
Membership(std::span<const std::uint16_t> values)
{
  std::vector<std::uint8_t> belongs(65536, 0);
  for (const auto value : values)
  {
    belongs[value] = 1;
  }
  return belongs;
}

} // namespace

CalibrationAccumulator::CalibrationAccumulator(int bins)
{
  if (bins < 1)
  {
    throw UsageError(Message("calibration needs at least one bin, got ", bins));
  }
  m_Bins.resize(static_cast<std::size_t>(bins));
}

void
CalibrationAccumulator::Add(double confidence,
                            bool outcome,
                            double squaredError,
                            double probabilityOfTruth)
{
  constexpr double slack = 1e-6;
  if (!(confidence >= -slack && confidence <= 1.0 + slack))
  {
    throw InputError(
        Message("a probability map holds ", confidence, ", expected values from 0 to 1"));
  }
  const double clipped = std::clamp(confidence, 0.0, 1.0);
  const auto bin = static_cast<std::size_t>(clipped * static_cast<double>(m_Bins.size()));
  auto & sums = m_Bins[std::min(bin, m_Bins.size() - 1)];
  ++sums.count;
  sums.confidence += clipped;
  sums.outcomes += outcome;
  sums.squaredError += squaredError;
  sums.logLoss -= std::log(std::clamp(probabilityOfTruth, 1e-12, 1.0));
}

void
CalibrationAccumulator::Add(const CalibrationAccumulator & other)
{
  if (other.m_Bins.size() != m_Bins.size())
  {
    throw UsageError("calibrations with different numbers of bins cannot be added");
  }
  for (std::size_t b = 0; b < m_Bins.size(); ++b)
  {
    m_Bins[b].count += other.m_Bins[b].count;
    m_Bins[b].confidence += other.m_Bins[b].confidence;
    m_Bins[b].outcomes += other.m_Bins[b].outcomes;
    m_Bins[b].squaredError += other.m_Bins[b].squaredError;
    m_Bins[b].logLoss += other.m_Bins[b].logLoss;
  }
}

Calibration
CalibrationAccumulator::Result() const
{
  Calibration result;
  double gapSum = 0.0;
  for (std::size_t b = 0; b < m_Bins.size(); ++b)
  {
    const auto & sums = m_Bins[b];
    const auto count = static_cast<double>(sums.count);
    const auto width = 1.0 / static_cast<double>(m_Bins.size());
    CalibrationBin bin{width * static_cast<double>(b),
                       width * static_cast<double>(b + 1),
                       sums.count,
                       NotANumber,
                       NotANumber};
    if (sums.count > 0)
    {
      bin.meanConfidence = sums.confidence / count;
      bin.frequency = static_cast<double>(sums.outcomes) / count;
      const double gap = std::abs(bin.frequency - bin.meanConfidence);
      gapSum += gap * count;
      result.largestError = std::max(result.largestError, gap);
    }
    result.count += sums.count;
    result.brier += sums.squaredError;
    result.logLoss += sums.logLoss;
    result.bins.push_back(bin);
  }
  const auto total = static_cast<double>(result.count);
  result.expectedError = gapSum / total; // NaN without voxels
  result.brier /= total;
  result.logLoss /= total;
  result.largestError = result.count > 0 ? result.largestError : NotANumber;
  return result;
}

CalibrationAccumulator
CalibrationOfStructure(const FloatImage * probability,
                       const LabelImage * reference,
                       std::span<const std::uint16_t> values,
                       const MaskImage * region,
                       int bins)
{
  RequireGrids(probability, reference, region);
  const auto belongs = Membership(values);
  const auto voxels = reference->GetLargestPossibleRegion().GetNumberOfPixels();
  return AccumulateVoxels(voxels,
                          bins,
                          region,
                          [&](CalibrationAccumulator & part, std::size_t i)
                          {
                            const double p = probability->GetBufferPointer()[i];
                            const bool truth = belongs[reference->GetBufferPointer()[i]] != 0;
                            const double error = p - (truth ? 1.0 : 0.0);
                            part.Add(p, truth, error * error, truth ? p : 1.0 - p);
                          });
}

CalibrationAccumulator
CalibrationOfClasses(const VectorImage * probabilities,
                     const LabelImage * reference,
                     std::span<const std::uint16_t> labels,
                     const MaskImage * region,
                     int bins)
{
  RequireGrids(probabilities, reference, region);
  const std::size_t classes = probabilities->GetNumberOfComponentsPerPixel();
  if (labels.size() != classes)
  {
    throw UsageError(
        Message(labels.size(), " label values for ", classes, " classes of probabilities"));
  }
  const auto voxels = reference->GetLargestPossibleRegion().GetNumberOfPixels();
  return AccumulateVoxels(voxels,
                          bins,
                          region,
                          [&](CalibrationAccumulator & part, std::size_t i)
                          {
                            const float * p = probabilities->GetBufferPointer() + i * classes;
                            const auto truth = reference->GetBufferPointer()[i];
                            double sum = 0.0;
                            double error = 0.0;
                            double ofTruth = 0.0;
                            std::size_t best = 0;
                            for (std::size_t c = 0; c < classes; ++c)
                            {
                              const double value = p[c];
                              const double target = labels[c] == truth ? 1.0 : 0.0;
                              sum += value;
                              error += (value - target) * (value - target);
                              ofTruth += target * value;
                              best = p[c] > p[best] ? c : best;
                            }
                            if (!(std::abs(sum - 1.0) <= 0.01))
                            {
                              throw InputError(Message("the class probabilities of a voxel sum to ",
                                                       sum,
                                                       ", expected 1"));
                            }
                            part.Add(p[best], labels[best] == truth, error, ofTruth);
                          });
}

CalibrationAccumulator
CalibrationOfConfidence(const FloatImage * confidence,
                        const LabelImage * prediction,
                        const LabelImage * reference,
                        const MaskImage * region,
                        int bins)
{
  RequireGrids(confidence, reference, region);
  RequireSameGrid(prediction, reference, "prediction", "reference");
  const auto voxels = reference->GetLargestPossibleRegion().GetNumberOfPixels();
  return AccumulateVoxels(voxels,
                          bins,
                          region,
                          [&](CalibrationAccumulator & part, std::size_t i)
                          {
                            const double p = confidence->GetBufferPointer()[i];
                            const bool right = prediction->GetBufferPointer()[i] ==
                                               reference->GetBufferPointer()[i];
                            const double error = p - (right ? 1.0 : 0.0);
                            part.Add(p, right, error * error, right ? p : 1.0 - p);
                          });
}

MaskImage::Pointer
RegionAround(const LabelImage * reference, std::span<const std::uint16_t> values, double marginInMm)
{
  const auto belongs = Membership(values);
  const auto grid = GridOf(reference);
  const std::array<std::size_t, 3> size{grid.size[0], grid.size[1], grid.size[2]};
  std::vector<std::uint8_t> sources(grid.VoxelCount());
  for (std::size_t i = 0; i < sources.size(); ++i)
  {
    sources[i] = belongs[reference->GetBufferPointer()[i]];
  }
  const auto squared =
      SquaredDistances(sources, size, {grid.spacing[0], grid.spacing[1], grid.spacing[2]});
  auto region = NewImage<MaskImage>(grid);
  const double limit = marginInMm * marginInMm * (1.0 + 1e-9);
  for (std::size_t i = 0; i < sources.size(); ++i)
  {
    region->GetBufferPointer()[i] = squared[i] <= limit;
  }
  return region;
}

} // namespace sulcus
