#pragma once

#include <sulcusGraphCutConsensus.h>
#include <sulcusRandomEngine.h>

#include <cmath>

namespace sulcus
{

/** An egg whose two halves have grey levels of their own, drawn by three careful annotators of whom
 * the first left out every third slice. */
struct Egg
{
  AnnotationBlock block;
  std::vector<float> image;
  std::vector<std::uint16_t> truth;

  explicit Egg(std::uint64_t seed = 41)
  {
    RandomEngine random(seed);
    block.size = {24, 22, 20};
    block.spacingInMm = {1.0, 1.0, 1.5};
    block.labelCount = 3;
    block.votes.resize(3);
    for (std::size_t p = 0; p < block.VoxelCount(); ++p)
    {
      const double x = double(p % 24) - 11.0;
      const double y = double(p / 24 % 22) - 10.0;
      const double z = 1.5 * (double(p / 528) - 9.5);
      const double radius = std::sqrt(x * x + y * y + 0.5 * z * z) - 0.15 * z;
      truth.push_back(radius > 8.0 ? 0 : x > 0.1 * z ? 1 : 2);
      image.push_back(float(60.0 + 50.0 * truth.back() + random.Normal(0.0, 5.0)));
      for (auto & votes : block.votes)
      {
        const bool wrong = std::abs(radius - 8.0) < 0.5 && random.Chance(0.3);
        votes.push_back(wrong ? 0 : truth.back());
      }
    }
    block.image = image;
  }

  void
  LeaveOutSlices(std::size_t rater, std::size_t every)
  {
    for (std::size_t p = 0; p < block.VoxelCount(); ++p)
    {
      auto & vote = block.votes[rater][p];
      vote = p / 528 % every == 1 ? VotePatterns::MissingVote : vote;
    }
  }
};

inline ConsensusOptions
QuickOptions()
{
  ConsensusOptions options;
  options.forest.trees = 20;
  options.maxSamples = 1500;
  return options;
}

} // namespace sulcus
