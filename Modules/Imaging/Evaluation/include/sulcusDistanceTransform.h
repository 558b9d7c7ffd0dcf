#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** Squared Euclidean distance in mm² from every point of a lattice (x fastest) to the nearest point
 * that is not 0 in `sources`; infinite where there is no source.
 *
 * Exact for any spacing: one scan along x, then lower envelopes of parabolas along y and z
 * (Felzenszwalb and Huttenlocher 2012, Theory of Computing 8). Linear in the number of points,
 * several threads; the result does not depend on their number. */
std::vector<double>
SquaredDistances(std::span<const std::uint8_t> sources,
                 const std::array<std::size_t, 3> & size,
                 const std::array<double, 3> & spacingInMm);

} // namespace sulcus
