#pragma once

#include "sulcusByteSource.h"
#include "sulcusVolumeHeader.h"

#include <span>
#include <string>

namespace sulcus
{

/** A file that passed every check: its header, and its voxels exactly as stored (byte order and
 * scaling included). */
struct VolumeFile
{
  VolumeHeader header;
  Bytes content; ///< holds the voxels from `voxelStart` on
  std::size_t voxelStart = 0;

  ByteView
  Voxels() const
  {
    return ByteView(content).subspan(voxelStart);
  }
};

/** Tells the format from the content alone; the name of a file proves nothing. */
FileFormat
SniffFormat(ByteView start);

/** Header only; the voxels are not touched. \throws InputError, GeometryError, ResourceError */
VolumeHeader
ReadVolumeHeader(const std::string & path, const VolumeReadOptions & options = {});

/** Reads the file to its very end and verifies checksums. \throws InputError, GeometryError,
 * ResourceError */
VolumeFile
ReadVolumeFile(const std::string & path, const VolumeReadOptions & options = {});

/** The same for a file already in memory; `path` is for messages and for finding a second file
 * beside it. */
VolumeFile
ReadVolumeFile(ByteView bytes, const std::string & path, const VolumeReadOptions & options = {});

/** Values of one component of one volume, scaled, x fastest.
 * \throws InputError for NaN or Inf unless `options.nonFinite` says otherwise; appends to
 * `header.warnings`. */
void
DecodeFloats(VolumeFile & file,
             std::uint64_t volume,
             std::uint64_t component,
             std::span<float> target,
             const VolumeReadOptions & options,
             const std::string & path);

/** Values as labels. \throws InputError unless every value is a whole number from 0 to 65535. */
void
DecodeLabels(const VolumeFile & file,
             std::uint64_t volume,
             std::uint64_t component,
             std::span<std::uint16_t> target,
             const std::string & path);

} // namespace sulcus
