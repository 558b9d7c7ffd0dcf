#pragma once

#include <sulcusByteSource.h>
#include <sulcusSafeRead.h>

#include <string>
#include <vector>

namespace sulcus
{

/** What the worker hands over: a header as JSON, then the voxels as floats, volume after volume. */
struct Parcel
{
  VolumeHeader header;
  std::vector<float> values;
};

Bytes
Pack(const Parcel & parcel);

/** The parent trusts nothing that the worker says: sizes and geometry are checked again.
 * \throws InputError, GeometryError, ResourceError */
Parcel
Unpack(const Bytes & bytes, const ReadOptions & options, const std::string & path);

} // namespace sulcus
