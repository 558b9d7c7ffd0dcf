#pragma once

#include "sulcusDataSetDoctor.h"

#include <vector>

namespace sulcus
{

/** Vectors between the centroids of two labels point the same way in every case, unless sides or
 * values were swapped: finds cases in which one does not, and in which a swap explains all that is
 * unusual. */
void
CompareLayout(const std::vector<const CaseSummary *> & cases, std::vector<Finding> & findings);

} // namespace sulcus
