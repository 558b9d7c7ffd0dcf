#pragma once

#include "sulcusMaskPair.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** How often each pair of labels meets in two label maps, with the box of every label.
 * Rows are the reference, columns the prediction. */
class Confusion
{
public:
  using Label = std::uint16_t;

  /** One pass over both images, several threads; the counts do not depend on their number.
   * \param ignored  voxels with one of these labels in either map are left out (e.g. "not
   * annotated"). \throws GeometryError unless both are on one grid. */
  static Confusion
  Count(const LabelImage * reference,
        const LabelImage * prediction,
        std::span<const Label> ignored = {});

  /** Adds pairs by hand, e.g. of another case. */
  void
  Add(Label reference, Label prediction, std::uint64_t count);
  void
  Add(const Confusion & other);

  std::uint64_t
  At(Label reference, Label prediction) const;
  /** Every pair that occurs, in ascending order. */
  const std::map<std::pair<Label, Label>, std::uint64_t> &
  Pairs() const
  {
    return m_Pairs;
  }
  /** Labels that occur in either map, ascending. */
  std::vector<Label>
  Labels() const;
  std::uint64_t
  Total() const;

  /** Smallest box with every voxel that carries one of the labels in either map. */
  IndexBox
  BoxOf(std::span<const Label> labels) const;

private:
  std::map<std::pair<Label, Label>, std::uint64_t> m_Pairs;
  std::map<Label, IndexBox> m_Boxes;
};

} // namespace sulcus
