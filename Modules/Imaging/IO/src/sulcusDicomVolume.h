#pragma once

#include "sulcusDicomFrames.h"
#include <sulcusSafeRead.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Frames at distinct places along one normal, ordered along it, and the grid they make. */
struct DicomStack
{
  std::vector<DicomFrame> frames;
  Matrix4 lpsFromIndex{};
  bool irregular = false;    ///< gaps differ or slices are displaced; needs resampling
  double residualInMm = 0.0; ///< largest distance of a slice from its place on the regular grid
  std::string name; ///< what tells it from the other stacks of the series ("echo 4.6", …)
};

/** Sorts the frames of a series into stacks (one for each echo, b-value, time point, …) and
 * verifies the place of every single slice: gaps, duplicates, mixed orientation or spacing and
 * gantry tilt are found here. Irregular gaps and tilt give `irregular` stacks when
 * `options.resampleIrregular`, else \throws GeometryError with the slice, the value found and the
 * value expected. */
std::vector<DicomStack>
MakeStacks(std::vector<DicomFrame> frames,
           const ReadOptions & options,
           const std::string & path,
           std::vector<std::string> & warnings);

/** Planes of one stack, in its order, as floats. */
struct StackPixels
{
  std::uint64_t columns = 0;
  std::uint64_t rows = 0;
  std::vector<float> values;
};

/** Puts irregular planes on a regular orthogonal grid with the in-plane axes of the series: linear
 * between the two neighbouring planes, each sampled bilinearly at the same point in space; what no
 * plane covers becomes `outside`. Replaces the pixels and the matrix of the stack. */
void
ResampleStack(DicomStack & stack, StackPixels & pixels, float outside);

} // namespace sulcus
