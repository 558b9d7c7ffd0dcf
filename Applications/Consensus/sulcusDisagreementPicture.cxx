#include "sulcusDisagreementPicture.h"

#include <sulcusPng.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sulcus
{

std::vector<std::byte>
DrawDisagreement(const AnnotationBlock & block, const ConsensusResult & result)
{
  const std::size_t slice = block.size[0] * block.size[1];
  std::vector<std::size_t> contested(block.size[2], 0);
  for (std::size_t p = 0; p < result.flags.size(); ++p)
  {
    contested[p / slice] += (result.flags[p] & FlagContested) != 0;
  }
  const auto worst = std::max_element(contested.begin(), contested.end());
  if (worst == contested.end() || *worst == 0)
  {
    return {};
  }
  const auto first = static_cast<std::size_t>(worst - contested.begin()) * slice;
  const std::size_t zoom = std::max<std::size_t>(1, 256 / std::max(block.size[0], block.size[1]));
  const std::size_t width = block.size[0] * zoom;
  const std::size_t height = block.size[1] * zoom;
  std::vector<std::uint8_t> rgb(3 * width * height);
  for (std::size_t y = 0; y < height; ++y)
  {
    for (std::size_t x = 0; x < width; ++x)
    {
      const std::size_t px = x / zoom;
      const std::size_t py = y / zoom;
      const std::size_t p = first + px + block.size[0] * py;
      std::size_t foreground = 0;
      std::size_t seen = 0;
      for (const auto & votes : block.votes)
      {
        seen += votes[p] != VotePatterns::MissingVote;
        foreground += votes[p] != VotePatterns::MissingVote && votes[p] != 0;
      }
      const auto grey = static_cast<std::uint8_t>(seen > 0 ? 40 + 180 * foreground / seen : 0);
      std::array<std::uint8_t, 3> colour{grey, grey, grey};
      if (result.flags[p] & FlagContested)
      {
        colour = {static_cast<std::uint8_t>(120 + grey / 2),
                  static_cast<std::uint8_t>(grey / 3),
                  static_cast<std::uint8_t>(grey / 3)};
      }
      const bool edgeX = x % zoom == 0 && px > 0 && result.labels[p] != result.labels[p - 1];
      const bool edgeY =
          y % zoom == 0 && py > 0 && result.labels[p] != result.labels[p - block.size[0]];
      if (edgeX || edgeY)
      {
        colour = {255, 220, 0};
      }
      std::copy(colour.begin(),
                colour.end(),
                rgb.begin() + static_cast<std::ptrdiff_t>(3 * (x + width * y)));
    }
  }
  return EncodePng({width, height, std::move(rgb)}, 6);
}

} // namespace sulcus
