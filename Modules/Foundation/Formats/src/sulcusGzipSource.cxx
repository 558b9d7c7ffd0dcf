#include "sulcusGzipSource.h"

#include <sulcusError.h>

#include <algorithm>

namespace sulcus
{

namespace
{
constexpr int LargestWindow = 15;
constexpr int GzipFraming = 16; // zlib checks CRC and length itself
constexpr std::size_t LargestStep = std::size_t{1} << 30;
constexpr std::uint64_t LargestRest = std::uint64_t{1} << 32;
} // namespace

GzipSource::GzipSource(ByteView bytes, std::string name, bool zlibFraming)
    : m_Rest(bytes), m_Name(std::move(name)), m_ZlibFraming(zlibFraming)
{
  if (inflateInit2(&m_Stream, LargestWindow + (zlibFraming ? 0 : GzipFraming)) != Z_OK)
  {
    throw ResourceError(Message(m_Name, ": no memory to decompress"));
  }
}

GzipSource::~GzipSource()
{
  inflateEnd(&m_Stream);
}

/** Zero bytes after the last member are padding of tapes and block devices; anything else is
 * damage. */
bool
GzipSource::StartNextMember()
{
  if (!m_ZlibFraming && IsGzip(m_Rest))
  {
    inflateReset(&m_Stream);
    return true;
  }
  if (std::any_of(m_Rest.begin(), m_Rest.end(), [](std::byte b) { return b != std::byte{0}; }))
  {
    throw InputError(Message(m_Name, ": bytes after the end of the compressed stream"));
  }
  m_AtEnd = true;
  return false;
}

std::size_t
GzipSource::Inflate(std::span<std::byte> target)
{
  std::size_t done = 0;
  while (done < target.size() && !m_AtEnd)
  {
    const auto inStep = std::min(m_Rest.size(), LargestStep);
    const auto outStep = std::min(target.size() - done, LargestStep);
    m_Stream.next_in = reinterpret_cast<Bytef *>(const_cast<std::byte *>(m_Rest.data()));
    m_Stream.avail_in = static_cast<uInt>(inStep);
    m_Stream.next_out = reinterpret_cast<Bytef *>(target.data() + done);
    m_Stream.avail_out = static_cast<uInt>(outStep);
    const int status = inflate(&m_Stream, Z_NO_FLUSH);
    const auto used = inStep - m_Stream.avail_in;
    const auto made = outStep - m_Stream.avail_out;
    m_Rest = m_Rest.subspan(used);
    done += made;
    if (status == Z_STREAM_END)
    {
      StartNextMember();
    }
    else if (status == Z_BUF_ERROR || (status == Z_OK && used == 0 && made == 0))
    {
      throw InputError(Message(m_Name, ": the compressed stream is cut"));
    }
    else if (status != Z_OK)
    {
      throw InputError(Message(m_Name,
                               ": the compressed stream is damaged (",
                               m_Stream.msg != nullptr ? m_Stream.msg : "zlib error",
                               ")"));
    }
  }
  return done;
}

void
GzipSource::Read(std::span<std::byte> target)
{
  const auto done = Inflate(target);
  if (done < target.size())
  {
    throw InputError(Message(m_Name,
                             ": the decompressed data end too early (",
                             done,
                             " bytes, need ",
                             target.size(),
                             ")"));
  }
}

/** One window's worth is added: zlib may hold output of input that it has already taken. */
std::uint64_t
GzipSource::Remaining() const
{
  return m_AtEnd ? 0 : m_Rest.size() * LargestDeflateRatio + (1 << 15);
}

std::uint64_t
GzipSource::Finish()
{
  Bytes scratch(1 << 16);
  std::uint64_t extra = 0;
  while (!m_AtEnd)
  {
    extra += Inflate(scratch);
    if (extra > LargestRest)
    {
      throw InputError(Message(m_Name, ": far more data than the header announces"));
    }
  }
  return extra;
}

} // namespace sulcus
