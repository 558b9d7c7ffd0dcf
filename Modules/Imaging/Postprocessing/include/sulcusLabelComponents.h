#pragma once

#include <sulcusImages.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sulcus
{

/** Which voxels touch. */
enum class Connectivity
{
  Faces,  ///< 6 neighbours
  Edges,  ///< 18
  Corners ///< 26
};

/** A maximal connected set of voxels of one label. */
struct LabelComponent
{
  std::uint16_t label = 0;
  std::size_t voxels = 0;
  std::size_t firstVoxel = 0; ///< lowest position in memory (x fastest); unique, decides ties
};

/** The connected components of every label but 0, as runs along x: memory grows with the surface,
 * not the volume. One pass over the voxels and a union-find over runs. Components are ordered by
 * their first voxel, so numbers do not depend on anything but the labels. */
class LabelComponents
{
public:
  explicit LabelComponents(const LabelImage * labels,
                           Connectivity connectivity = Connectivity::Corners);

  const std::vector<LabelComponent> &
  Components() const
  {
    return m_Components;
  }

  /** Writes `value` over every voxel of the components for which `chosen` is true (one entry a
   * component). The image must have the size of the one given to the constructor. \throws
   * UsageError if it has not. */
  void
  Overwrite(LabelImage * labels, const std::vector<bool> & chosen, std::uint16_t value) const;

private:
  struct Run
  {
    std::size_t begin = 0; ///< position in memory
    std::uint32_t length = 0;
    std::uint32_t component = 0;
  };

  void
  FindRuns(const LabelImage * labels, std::vector<std::size_t> & firstRun);

  std::size_t m_Voxels = 0;
  std::vector<Run> m_Runs;
  std::vector<LabelComponent> m_Components;
};

} // namespace sulcus
