#pragma once

#include <array>
#include <string>
#include <vector>

namespace sulcus
{

/** "1.5,1.5,10" or "1.5x1.5x10" as numbers. \throws UsageError starting with `where`. */
std::vector<double>
ReadNumbers(const std::string & text, const std::string & where);

/** Three spacings within 0.01 to 50 mm. \throws UsageError starting with `where`. */
std::array<double, 3>
SpacingFromNumbers(const std::vector<double> & numbers, const std::string & where);

} // namespace sulcus
