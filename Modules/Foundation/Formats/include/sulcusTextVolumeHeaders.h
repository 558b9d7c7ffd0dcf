#pragma once

#include "sulcusByteSource.h"
#include "sulcusVolumeHeader.h"

#include <cstdint>
#include <string>

namespace sulcus
{

/** How the voxels that follow a header are packed. */
enum class Packing
{
  Raw,
  Gzip,
  Zlib
};

/** A checked header and where its voxels are. `header.dataPath` is empty when they follow in the
 * same file. */
struct ParsedHeader
{
  VolumeHeader header;
  Packing packing = Packing::Raw;
  std::uint64_t packedBytes = 0; ///< length of the packed voxels where the header states it, else 0
};

/** NRRD 1 to 5 with three axes in space and at most one other (the first: components; the last:
 * volumes).
 *
 * Read: raw and gzip encoding, attached or in one plainly named file of the same folder. Refused:
 * unknown or duplicate fields, lists and patterns of files, text, hex and bzip2 encoding, per-axis
 * spacing without a space (left and right unknown). `key:=value` pairs go to `fields`. Source: the
 * NRRD format definition of teem.sourceforge.net/nrrd. \throws InputError, GeometryError,
 * ResourceError */
ParsedHeader
ParseNrrdHeader(ByteView file, const VolumeReadOptions & options, const std::string & path);

/** MetaImage, the strict subset that ITK, elastix and 3D Slicer write: binary, three axes (or
 * four), one data file. Unknown keys are refused, except DICOM tags and `ITK_` entries, which are
 * ignored with a warning. \throws InputError, GeometryError, ResourceError */
ParsedHeader
ParseMetaImageHeader(ByteView file, const VolumeReadOptions & options, const std::string & path);

/** FreeSurfer's MGH: big endian; what follows the voxels is ignored. \throws InputError,
 * GeometryError */
ParsedHeader
ParseMghHeader(ByteView header, const VolumeReadOptions & options, const std::string & path);

inline constexpr std::size_t MghHeaderBytes = 284;

/** NRRD header text up to and including the empty line: gzip or raw encoding, LPS, little endian.
 */
std::string
BuildNrrdHeader(const VolumeHeader & header, bool gzip);

/** MetaImage header text for voxels that follow in the same file, uncompressed, little endian. */
std::string
BuildMetaImageHeader(const VolumeHeader & header);

} // namespace sulcus
