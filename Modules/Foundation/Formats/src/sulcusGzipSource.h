#pragma once

#include "sulcusByteSource.h"

#include <string>
#include <zlib.h>

namespace sulcus
{

/** Decompresses a gzip stream of one or several members; length and CRC of each member are
 * verified. */
class GzipSource : public ByteSource
{
public:
  GzipSource(ByteView bytes, std::string name, bool zlibFraming);
  GzipSource(const GzipSource &) = delete;
  GzipSource &
  operator=(const GzipSource &) = delete;
  ~GzipSource() override;

  void
  Read(std::span<std::byte> target) override;

  std::uint64_t
  Remaining() const override;

  std::uint64_t
  Finish() override;

private:
  std::size_t
  Inflate(std::span<std::byte> target);

  bool
  StartNextMember();

  ByteView m_Rest; ///< compressed bytes not yet given to zlib
  std::string m_Name;
  z_stream m_Stream{};
  bool m_ZlibFraming = false;
  bool m_AtEnd = false;
};

} // namespace sulcus
