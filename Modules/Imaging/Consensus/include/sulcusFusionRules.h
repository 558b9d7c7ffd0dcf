#pragma once

#include <sulcusImages.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Value of a voxel that an annotator did not look at, in the maps of FuseByRule. */
inline constexpr std::uint16_t UnobservedValue = 65535;

/** Names of the rules that need no options of their own, in the order of the comparison table. */
const std::vector<std::string> &
SimpleRules();

/** One rule on several maps (UnobservedValue where not annotated). \throws UsageError for an
 * unknown rule. */
LabelImage::Pointer
FuseByRule(const std::string & rule, const std::vector<LabelImage::Pointer> & maps);

/** Mean over foreground labels of the Dice of two maps where neither is unobserved; NaN where both
 * are empty. */
double
MeanDiceOf(const LabelImage * a, const LabelImage * b);

} // namespace sulcus
