#pragma once

#include <sulcusPlan.h>

#include <map>
#include <string>

namespace sulcus
{

/** Program options of both stages of Chaitanya et al. (2020): Adam at a constant 1e-3, 10 000
 * steps, no weight decay, no clipping. */
std::map<std::string, std::string>
PublishedAdam();

/** Their intensities lie in 0…1 and are clipped to 1.5; warns where the data was prepared
 * otherwise. */
void
WarnUnlessUnitRange(const Plan & plan, const std::string & method);

} // namespace sulcus
