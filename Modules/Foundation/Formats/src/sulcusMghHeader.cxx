#include "sulcusByteOrder.h"
#include "sulcusTextVolumeHeaders.h"
#include "sulcusVolumeGeometry.h"
#include <sulcusError.h>

#include <algorithm>

namespace sulcus
{

namespace
{

VoxelType
TypeOf(std::int32_t code, const std::string & path)
{
  switch (code)
  {
  case 0:
    return VoxelType::UInt8;
  case 1:
    return VoxelType::Int32;
  case 3:
    return VoxelType::Float32;
  case 4:
    return VoxelType::Int16;
  case 10:
    return VoxelType::UInt16;
  default:
    throw InputError(Message(path, ": MGH voxel type ", code, " is not supported"));
  }
}

/** Source: FreeSurfer's MGH format page. Columns of the matrix are direction times spacing (RAS);
 * the point c_ras is the index size / 2, not the centre between the outermost voxels. */
Matrix4
RasMatrix(ByteView bytes)
{
  Matrix4 ras{};
  ras[3] = {0, 0, 0, 1};
  for (std::size_t row = 0; row < 3; ++row)
  {
    double origin = LoadNumber<float>(bytes, 78 + 4 * row, true);
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const double spacing = LoadNumber<float>(bytes, 30 + 4 * axis, true);
      const double cosine = LoadNumber<float>(bytes, 42 + 12 * axis + 4 * row, true);
      ras[row][axis] = cosine * spacing;
      origin -= ras[row][axis] * 0.5 * LoadNumber<std::int32_t>(bytes, 4 + 4 * axis, true);
    }
    ras[row][3] = origin;
  }
  return ras;
}

} // namespace

ParsedHeader
ParseMghHeader(ByteView bytes, const VolumeReadOptions & options, const std::string & path)
{
  if (bytes.size() < MghHeaderBytes || LoadNumber<std::int32_t>(bytes, 0, true) != 1)
  {
    throw InputError(Message(path, ": is not MGH version 1"));
  }
  ParsedHeader parsed;
  auto & header = parsed.header;
  header.format = FileFormat::Mgz;
  header.formatName = "MGH";
  header.bigEndian = true;
  header.dataOffset = MghHeaderBytes;
  std::array<std::uint64_t, 4> sizes{};
  for (std::size_t axis = 0; axis < 4; ++axis)
  {
    const auto size = LoadNumber<std::int32_t>(bytes, 4 + 4 * axis, true);
    if (size < 1)
    {
      throw InputError(Message(path, ": MGH size ", size, " (need at least 1)"));
    }
    sizes[axis] = static_cast<std::uint64_t>(size);
  }
  std::copy_n(sizes.begin(), 3, header.size.begin());
  header.volumes = sizes[3];
  header.voxelType = TypeOf(LoadNumber<std::int32_t>(bytes, 20, true), path);
  CheckSize(header, options, path);
  if (LoadNumber<std::int16_t>(bytes, 28, true) != 1)
  {
    throw GeometryError(
        Message(path, ": has no geometry (goodRASFlag is not 1), so left and right are unknown"));
  }
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const auto spacing = LoadNumber<float>(bytes, 30 + 4 * axis, true);
    if (!(spacing > 0.0F))
    {
      throw GeometryError(Message(path, ": MGH spacing is ", spacing, " (need above 0)"));
    }
  }
  header.geometrySource = "c_ras";
  header.lpsFromIndex = FlipRasLps(RasMatrix(bytes));
  CheckGeometry(header, options, path);
  return parsed;
}

} // namespace sulcus
