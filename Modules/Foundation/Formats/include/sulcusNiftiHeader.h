#pragma once

#include "sulcusByteSource.h"
#include "sulcusVolumeHeader.h"

#include <string_view>

namespace sulcus
{

/** Sizes of the two NIfTI headers; the single-file voxels start at least four bytes later. */
inline constexpr std::size_t Nifti1HeaderBytes = 348;
inline constexpr std::size_t Nifti2HeaderBytes = 540;

/** Header length that the first four bytes announce in either byte order; 0 if this is neither
 * NIfTI nor Analyze. */
std::size_t
NiftiHeaderBytes(ByteView start);

/** A checked NIfTI-1 or -2 header, and whether the voxels lie in a second file.
 *
 * Source of the layout: nifti1.h and nifti2.h of the NIfTI working group. Choices made here:
 * a slope of 0, or one that is not a number beside an intercept of 0 or none (what nibabel writes
 * for "unscaled"), means no scaling; units metre and micrometre scale spacing and origin alike;
 * `options.niftiTransform` settles sform against qform. \throws InputError, GeometryError,
 * ResourceError with `path` in front. */
struct NiftiHeader
{
  VolumeHeader volume;
  bool separateVoxels = false;
};

NiftiHeader
ParseNiftiHeader(ByteView header, const VolumeReadOptions & options, std::string_view path);

/** Walks the extensions between header and voxels. \throws InputError if the chain is broken. */
void
CheckNiftiExtensions(ByteView extensions, bool bigEndian, std::string_view path);

/** What is written: single-file NIfTI-1, or NIfTI-2 where an axis is longer than 32767. Both
 * transforms carry code 1 (scanner); no description but the program's name, so nothing about a
 * patient can travel. The bytes end where the voxels start. Voxels are expected in little-endian
 * order with `header.slope` and `intercept` meant. */
Bytes
BuildNiftiHeader(const VolumeHeader & header);

} // namespace sulcus
