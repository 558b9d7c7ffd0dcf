#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sulcus
{

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

/** A regular file read completely into memory.
 *
 * The path the user typed may be a symbolic link (data sets kept in git-annex or DataLad are made
 * of them); what it resolves to is opened with O_NOFOLLOW and must be a regular file. `allowLink =
 * false` is for names that were found inside another file. \throws InputError, ResourceError */
Bytes
ReadWholeFile(const std::string & path,
              std::uint64_t limitInBytes = std::uint64_t{1} << 37,
              bool allowLink = true);

/** The first bytes of a regular file, at most `count`. \throws InputError */
Bytes
ReadFileStart(const std::string & path, std::size_t count);

bool
IsGzip(ByteView bytes);

/** Hands out the bytes of a file in order, decompressed where needed. */
class ByteSource
{
public:
  virtual ~ByteSource() = default;

  /** Fills `target`. \throws InputError if the stream ends before, or is damaged. */
  virtual void
  Read(std::span<std::byte> target) = 0;

  /** Upper bound of what is left; what a header claims must not exceed it. */
  virtual std::uint64_t
  Remaining() const = 0;

  /** Reads to the very end and verifies the trailer. \returns how many bytes had not been asked
   * for. \throws InputError if the stream is cut or its checksum is wrong. */
  virtual std::uint64_t
  Finish() = 0;

  void
  Skip(std::uint64_t count);
};

/** \param bytes must outlive the source. \param name is put in front of messages. */
std::unique_ptr<ByteSource>
MakeByteSource(ByteView bytes, std::string name);

/** The same, always taken as plain bytes. */
std::unique_ptr<ByteSource>
MakePlainByteSource(ByteView bytes, std::string name);

/** The same, always taken as gzip (`zlibFraming` = false) or as a zlib stream. */
std::unique_ptr<ByteSource>
MakeInflatingByteSource(ByteView bytes, std::string name, bool zlibFraming);

/** A DEFLATE stream cannot grow by more than this factor. */
inline constexpr std::uint64_t LargestDeflateRatio = 1032;

} // namespace sulcus
