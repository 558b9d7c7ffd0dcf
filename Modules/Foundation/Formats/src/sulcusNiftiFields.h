#pragma once

#include "sulcusVolumeHeader.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace sulcus
{

/** The fields of either version, in the widest type, nothing checked yet. */
struct NiftiFields
{
  bool version2 = false;
  bool bigEndian = false;
  bool separateVoxels = false;
  std::array<std::int64_t, 8> dim{};
  int datatype = 0;
  int bitpix = 0;
  int intentCode = 0;
  std::array<double, 8> pixdim{};
  double voxOffset = 0.0;
  double slope = 0.0;
  double intercept = 0.0;
  int units = 0;
  int qformCode = 0;
  int sformCode = 0;
  std::array<double, 3> quaternion{};
  std::array<double, 3> qoffset{};
  std::array<std::array<double, 4>, 3> sform{};
};

/** Spacing, the matrix that counts (see `VolumeReadOptions::niftiTransform`), and what was guessed.
 * \throws GeometryError for spacing out of range, no or two disagreeing matrices that the options
 * do not settle, and axes not at right angles */
void
SetNiftiGeometry(const NiftiFields & fields,
                 VolumeHeader & header,
                 const VolumeReadOptions & options,
                 std::string_view path);

} // namespace sulcus
