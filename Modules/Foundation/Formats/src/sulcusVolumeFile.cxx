#include "sulcusVolumeFile.h"

#include "sulcusInflate.h"
#include "sulcusNiftiHeader.h"
#include "sulcusTextVolumeHeaders.h"
#include <sulcusError.h>
#include <sulcusMemory.h>

#include <algorithm>
#include <string_view>

namespace sulcus
{

namespace
{

constexpr std::uint64_t LargestFile = std::uint64_t{1} << 37;
constexpr std::uint64_t LargeVoxels = std::uint64_t{1} << 26;
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
  if (claimed > LargeVoxels)
  {
    RequireMemory(claimed, "the voxels of one file");
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

/** The file beside a header that holds its voxels. \throws InputError that names both */
Bytes
ReadPartner(const std::string & dataPath, const std::string & path)
{
  try
  {
    return ReadWholeFile(dataPath, LargestFile, false);
  }
  catch (const InputError & error)
  {
    throw InputError(Message(path, ": its voxel file ", error.what()));
  }
}

/** The quick way for a sound gzip file of exactly the announced size; says nothing about any other.
 */
bool
ReadWholeStream(ByteView bytes, VolumeFile & file)
{
  const auto claimed = file.header.dataOffset + file.header.DataBytes();
  if (!IsGzip(bytes) || claimed / LargestDeflateRatio > bytes.size())
  {
    return false;
  }
  if (claimed > LargeVoxels)
  {
    RequireMemory(claimed, "the voxels of one file");
  }
  file.content.resize(claimed);
  if (!InflateWholeGzip(bytes, file.content))
  {
    file.content.clear();
    return false;
  }
  file.voxelStart = file.header.dataOffset;
  return true;
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
      const auto data = ReadPartner(file.header.dataPath, path);
      const auto voxelSource = MakeByteSource(data, file.header.dataPath);
      if (file.header.dataOffset > voxelSource->Remaining())
      {
        throw InputError(Message(file.header.dataPath, ": ends before its voxels start"));
      }
      voxelSource->Skip(file.header.dataOffset);
      file.content = ReadVoxels(*voxelSource, file.header, file.header.dataPath);
    }
  }
  else if (wantVoxels && !ReadWholeStream(bytes, file))
  {
    file.content = ReadVoxels(*source, file.header, path);
  }
  return file;
}

/** NRRD and MetaImage: a text header, then or elsewhere the voxels. */
VolumeFile
ReadTextFormat(ParsedHeader parsed, ByteView bytes, const std::string & path, bool wantVoxels)
{
  VolumeFile file;
  file.header = std::move(parsed.header);
  if (!wantVoxels)
  {
    return file;
  }
  const bool elsewhere = !file.header.dataPath.empty();
  const auto & dataPath = elsewhere ? file.header.dataPath : path;
  const auto other = elsewhere ? ReadPartner(dataPath, path) : Bytes();
  auto packed = elsewhere ? ByteView(other) : bytes.subspan(file.header.dataOffset);
  if (parsed.packedBytes != 0 && parsed.packing != Packing::Raw &&
      packed.size() != parsed.packedBytes)
  {
    throw InputError(Message(dataPath,
                             ": holds ",
                             packed.size(),
                             " bytes of compressed voxels, the header says ",
                             parsed.packedBytes));
  }
  const auto source =
      parsed.packing == Packing::Raw
          ? MakePlainByteSource(packed, dataPath)
          : MakeInflatingByteSource(packed, dataPath, parsed.packing == Packing::Zlib);
  file.content = ReadVoxels(*source, file.header, dataPath);
  return file;
}

VolumeFile
ReadMgh(ByteView bytes,
        const std::string & path,
        const VolumeReadOptions & options,
        bool wantVoxels)
{
  const auto source = MakeByteSource(bytes, path);
  Bytes header(MghHeaderBytes);
  source->Read(header);
  VolumeFile file;
  file.header = ParseMghHeader(header, options, path).header;
  file.header.gzipped = IsGzip(bytes);
  if (wantVoxels)
  {
    const auto warnings = file.header.warnings;
    file.content = ReadVoxels(*source, file.header, path);
    file.header.warnings = warnings; // scan parameters and tags follow the voxels by design
  }
  return file;
}

/** The first bytes, decompressed, as far as they can be had. */
Bytes
StartOf(ByteView bytes, const std::string & path)
{
  constexpr std::size_t wanted = 160;
  if (!IsGzip(bytes))
  {
    return Bytes(bytes.begin(), bytes.begin() + std::min(bytes.size(), wanted));
  }
  const auto source = MakeByteSource(bytes, path);
  Bytes start(wanted);
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
  const auto format = SniffFormat(StartOf(bytes, path));
  if (IsGzip(bytes) && format != FileFormat::Nifti && format != FileFormat::Mgz)
  {
    throw InputError(Message(path, ": compressed, but neither NIfTI nor MGZ inside"));
  }
  switch (format)
  {
  case FileFormat::Nifti:
    return ReadNifti(bytes, path, options, wantVoxels);
  case FileFormat::Nrrd:
    return ReadTextFormat(ParseNrrdHeader(bytes, options, path), bytes, path, wantVoxels);
  case FileFormat::MetaImage:
    return ReadTextFormat(ParseMetaImageHeader(bytes, options, path), bytes, path, wantVoxels);
  case FileFormat::Mgz:
    return ReadMgh(bytes, path, options, wantVoxels);
  case FileFormat::Dicom:
    throw InputError(Message(path, ": is a DICOM file; this reader takes volume files"));
  default:
    throw InputError(
        Message(path, ": format not recognised (need NIfTI, NRRD, MetaImage, MGZ or DICOM)"));
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
  const std::string_view text(reinterpret_cast<const char *>(start.data()), start.size());
  if (NiftiHeaderBytes(start) != 0)
  {
    return FileFormat::Nifti;
  }
  if (text.starts_with("NRRD000"))
  {
    return FileFormat::Nrrd;
  }
  if (text.size() >= 132 && text.substr(128, 4) == "DICM")
  {
    return FileFormat::Dicom;
  }
  if (text.starts_with(std::string_view("\0\0\0\1", 4)))
  {
    return FileFormat::Mgz;
  }
  for (const std::string_view key : {"ObjectType", "NDims", "Comment"})
  {
    const auto rest = text.starts_with(key) ? text.substr(key.size()) : std::string_view();
    if (rest.find_first_not_of(" \t") != std::string_view::npos &&
        rest[rest.find_first_not_of(" \t")] == '=')
    {
      return FileFormat::MetaImage;
    }
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
