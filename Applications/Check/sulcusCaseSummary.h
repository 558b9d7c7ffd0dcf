#pragma once

#include <sulcusImages.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** What one pass over the voxels of a case leaves behind. */
struct CaseSummary
{
  std::string name;
  bool readable = false;
  std::array<std::uint64_t, 3> size{};
  std::array<double, 3> spacing{}; ///< along left-right, back-front, foot-head
  std::string orientation;
  double median = 0.0;
  double high = 0.0;            ///< 99th percentile
  std::vector<float> thumbnail; ///< 12 x 12 x 12 block means in LPS order, zero mean, unit length
  std::map<int, std::uint64_t> labelVoxels;
  std::map<int, std::array<double, 3>> centroids; ///< mm, LPS
  std::array<double, 3> centre{};                 ///< of the image, mm, LPS
};

void
SummariseImage(FloatImage * image, CaseSummary & summary);

/** The middle of some numbers, the upper one of two; at least one is needed. */
double
MedianOf(std::vector<double> values);

/** Volumes and centroids of the labels. */
void
SummariseLabel(const LabelImage * label, CaseSummary & summary);

/** A value whose voxels nearly all lie between a lower and a higher one is the trace of linear
 * interpolation. */
std::optional<int>
InterpolatedValue(const LabelImage * label, const CaseSummary & summary);

} // namespace sulcus
