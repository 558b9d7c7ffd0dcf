#include "sulcusVolumeFile.h"

#include "sulcusNiftiHeader.h"
#include <sulcusError.h>

#include <algorithm>

namespace sulcus
{

namespace
{

constexpr std::uint64_t LargestExtensions = std::uint64_t{1} << 28;

bool
EndsWith(const std::string & text, std::string_view end)
{
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/** Where the voxels of a header file, or the header of a voxel file, should be. */
std::string
PartnerPath(const std::string & path, const std::string & from, const std::string & to)
{
  for (const std::string packed : {"", ".gz"})
  {
    if (EndsWith(path, from + packed))
    {
      return path.substr(0, path.size() - from.size() - packed.size()) + to + packed;
    }
  }
  throw InputError(Message(path, ": voxels are in another file, so the name must end in ", from));
}

NiftiHeader
ReadNiftiHeader(ByteSource & source, const std::string & path, const VolumeReadOptions & options)
{
  Bytes header(4);
  source.Read(header);
  const auto length = NiftiHeaderBytes(header);
  if (length == 0)
  {
    throw InputError(Message(path, ": is not NIfTI"));
  }
  header.resize(length);
  source.Read(std::span(header).subspan(4));
  auto nifti = ParseNiftiHeader(header, options, path);
  auto & volume = nifti.volume;
  if (nifti.separateVoxels)
  {
    return nifti;
  }
  if (volume.dataOffset - length > LargestExtensions ||
      volume.dataOffset - length > source.Remaining())
  {
    throw InputError(
        Message(path, ": vox_offset ", volume.dataOffset, " is past the end of the file"));
  }
  Bytes extensions(volume.dataOffset - length);
  source.Read(extensions);
  CheckNiftiExtensions(extensions, volume.bigEndian, path);
  return nifti;
}

/** Everything from the current position on is voxels. */
Bytes
ReadVoxels(ByteSource & source, VolumeHeader & header, const std::string & path)
{
  const auto claimed = header.DataBytes();
  if (claimed > source.Remaining())
  {
    throw InputError(Message(path,
                             ": is cut: its header claims ",
                             claimed,
                             " bytes of voxels, at most ",
                             source.Remaining(),
                             " can follow"));
  }
  Bytes voxels(claimed);
  source.Read(voxels);
  const auto extra = source.Finish();
  if (extra > 0)
  {
    header.warnings.push_back(Message(extra, " bytes after the voxels are ignored"));
  }
  return voxels;
}

VolumeFile
ReadNifti(ByteView bytes,
          const std::string & path,
          const VolumeReadOptions & options,
          bool wantVoxels)
{
  const auto source = MakeByteSource(bytes, path);
  auto nifti = ReadNiftiHeader(*source, path, options);
  VolumeFile file;
  file.header = std::move(nifti.volume);
  file.header.gzipped = IsGzip(bytes);
  if (nifti.separateVoxels)
  {
    file.header.dataPath = PartnerPath(path, ".hdr", ".img");
    if (wantVoxels)
    {
      const auto data = ReadWholeFile(file.header.dataPath, std::uint64_t{1} << 37, false);
      const auto voxelSource = MakeByteSource(data, file.header.dataPath);
      if (file.header.dataOffset > voxelSource->Remaining())
      {
        throw InputError(Message(file.header.dataPath, ": ends before its voxels start"));
      }
      voxelSource->Skip(file.header.dataOffset);
      file.voxels = ReadVoxels(*voxelSource, file.header, file.header.dataPath);
    }
  }
  else if (wantVoxels)
  {
    file.voxels = ReadVoxels(*source, file.header, path);
  }
  return file;
}

/** The first decompressed bytes, as far as they can be had. */
Bytes
StartOf(ByteView bytes, const std::string & path)
{
  const auto source = MakeByteSource(bytes, path);
  Bytes start(std::min<std::uint64_t>(16, source->Remaining()));
  source->Read(start);
  return start;
}

VolumeFile
Read(ByteView bytes, const std::string & path, const VolumeReadOptions & options, bool wantVoxels)
{
  if (bytes.size() < 16)
  {
    throw InputError(Message(path, ": holds only ", bytes.size(), " bytes"));
  }
  switch (
      SniffFormat(IsGzip(bytes) ? StartOf(bytes, path) : Bytes(bytes.begin(), bytes.begin() + 16)))
  {
  case FileFormat::Nifti:
    return ReadNifti(bytes, path, options, wantVoxels);
  default:
    throw InputError(Message(path, ": format not recognised (need NIfTI)"));
  }
}

std::string
HeaderPathOf(const std::string & path)
{
  if (EndsWith(path, ".img") || EndsWith(path, ".img.gz"))
  {
    return PartnerPath(path, ".img", ".hdr");
  }
  return path;
}

} // namespace

FileFormat
SniffFormat(ByteView start)
{
  if (NiftiHeaderBytes(start) != 0)
  {
    return FileFormat::Nifti;
  }
  return FileFormat::Unknown;
}

VolumeFile
ReadVolumeFile(ByteView bytes, const std::string & path, const VolumeReadOptions & options)
{
  return Read(bytes, path, options, true);
}

VolumeFile
ReadVolumeFile(const std::string & path, const VolumeReadOptions & options)
{
  const auto headerPath = HeaderPathOf(path);
  return Read(ReadWholeFile(headerPath), headerPath, options, true);
}

VolumeHeader
ReadVolumeHeader(const std::string & path, const VolumeReadOptions & options)
{
  const auto headerPath = HeaderPathOf(path);
  return Read(ReadWholeFile(headerPath), headerPath, options, false).header;
}

} // namespace sulcus
