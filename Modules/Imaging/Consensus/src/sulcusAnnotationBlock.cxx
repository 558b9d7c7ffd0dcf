#include "sulcusAnnotationBlock.h"

#include "sulcusVoteTable.h"
#include <sulcusError.h>
#include <sulcusGridNeighbourhood.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus::detail
{
namespace
{

/** Flags of one voxel from the observed votes. */
std::uint8_t
FlagsAt(const AnnotationBlock & block, std::size_t voxel)
{
  std::uint16_t first = VotePatterns::MissingVote;
  unsigned seen = 0;
  bool differ = false;
  for (const auto & votes : block.votes)
  {
    if (votes[voxel] != VotePatterns::MissingVote)
    {
      first = seen == 0 ? votes[voxel] : first;
      differ = differ || votes[voxel] != first;
      ++seen;
    }
  }
  if (differ)
  {
    return FlagContested;
  }
  if (seen >= 2)
  {
    return FlagUnanimous;
  }
  return seen == 0 ? std::uint8_t(FlagUnsupported) : std::uint8_t(0);
}

} // namespace

VotePatterns
PatternsOf(const AnnotationBlock & block)
{
  using Table = VoteTable<std::uint16_t>;
  std::vector<Table::Rater> raters;
  for (const auto & votes : block.votes)
  {
    raters.push_back({votes.data(), nullptr});
  }
  std::vector<std::uint16_t> index(Table::ValueCount);
  std::iota(index.begin(), index.end(), std::uint16_t(0));
  return Table(std::move(raters), block.VoxelCount(), std::move(index), block.labelCount)
      .Patterns();
}

void
CheckBlock(const AnnotationBlock & block)
{
  if (block.votes.empty())
  {
    throw UsageError("consensus: no annotators");
  }
  const auto voxels = GridVoxelCount(block.size);
  for (std::size_t r = 0; r < block.votes.size(); ++r)
  {
    if (block.votes[r].size() != voxels)
    {
      throw UsageError(Message("consensus: annotator ",
                               r + 1,
                               " has ",
                               block.votes[r].size(),
                               " voxels, expected ",
                               voxels));
    }
  }
  if (block.image.empty())
  {
    return;
  }
  if (block.image.size() != voxels)
  {
    throw UsageError(
        Message("consensus: image of ", block.image.size(), " voxels, expected ", voxels));
  }
  const auto bad = std::count_if(
      block.image.begin(), block.image.end(), [](float v) { return !std::isfinite(v); });
  if (bad > 0)
  {
    throw InputError(Message("consensus: the image has ", bad, " voxels that are NaN or infinite"));
  }
}

Band
FindBand(const AnnotationBlock & block, bool clampUnanimous)
{
  Band band;
  band.flags.resize(block.VoxelCount());
  for (std::size_t p = 0; p < band.flags.size(); ++p)
  {
    band.flags[p] = FlagsAt(block, p);
    if (!clampUnanimous || (band.flags[p] & FlagUnanimous) == 0)
    {
      band.voxels.push_back(static_cast<std::uint32_t>(p));
    }
  }
  return band;
}

} // namespace sulcus::detail
