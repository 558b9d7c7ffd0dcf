#pragma once

#include "sulcusShapeAveragingImageFilter.h"
#include <sulcusDistanceTransform.h>

#include <cmath>

namespace sulcus
{

template <typename TLabelImage>
std::vector<float>
ShapeAveragingImageFilter<TLabelImage>::DistanceTo(const std::vector<std::uint8_t> & mask,
                                                   float farthest) const
{
  const auto squared = SquaredDistances(mask, this->BlockSize(), this->BlockSpacing());
  std::vector<float> distances(mask.size());
  std::transform(squared.begin(),
                 squared.end(),
                 distances.begin(),
                 [&](double value)
                 { return std::min(farthest, static_cast<float>(std::sqrt(value))); });
  return distances;
}

template <typename TLabelImage>
void
ShapeAveragingImageFilter<TLabelImage>::Fuse(const MapVotes & votes)
{
  const auto & patterns = votes.Patterns();
  const auto numbers = votes.PatternOfVoxels();
  const std::size_t voxels = numbers.size();
  const auto size = this->BlockSize();
  const auto spacing = this->BlockSpacing();
  double diagonal = 0.0;
  for (unsigned axis = 0; axis < 3; ++axis)
  {
    diagonal += std::pow(double(size[axis]) * spacing[axis], 2.0);
  }
  const auto farthest = static_cast<float>(std::sqrt(diagonal));
  std::vector<float> best(voxels, std::numeric_limits<float>::infinity());
  std::vector<std::uint8_t> inside(voxels);
  std::vector<std::uint8_t> outside(voxels);
  auto * output = this->GetOutput()->GetBufferPointer();
  for (unsigned label = 0; label < patterns.labelCount; ++label)
  {
    std::vector<float> sum(voxels, 0.0F);
    std::vector<float> seen(voxels, 0.0F);
    for (const auto r : patterns.canonicalOrder)
    {
      for (std::size_t p = 0; p < voxels; ++p)
      {
        const auto vote = patterns.Pattern(numbers[p])[r];
        inside[p] = vote == label;
        outside[p] = vote != label && vote != VotePatterns::MissingVote;
      }
      const auto toInside = DistanceTo(inside, farthest);
      const auto toOutside = DistanceTo(outside, farthest);
      for (std::size_t p = 0; p < voxels; ++p)
      {
        const bool observed = inside[p] != 0 || outside[p] != 0;
        sum[p] += observed ? toInside[p] - toOutside[p] : 0.0F;
        seen[p] += observed ? 1.0F : 0.0F;
      }
    }
    for (std::size_t p = 0; p < voxels; ++p)
    {
      const float depth = seen[p] > 0.0F ? sum[p] / seen[p] : (label == 0 ? -1.0F : 0.0F);
      if (depth < best[p])
      {
        best[p] = depth;
        output[p] = this->LabelValues()[label];
      }
    }
  }
}

} // namespace sulcus
