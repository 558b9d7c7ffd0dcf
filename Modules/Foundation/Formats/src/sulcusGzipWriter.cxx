#include "sulcusGzipWriter.h"

#include "sulcusByteOrder.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <zlib.h>

namespace sulcus
{

namespace
{

constexpr std::size_t BlockBytes = std::size_t{1} << 18;
constexpr std::size_t WindowBytes = std::size_t{1} << 15;
constexpr std::size_t BlocksPerRound = 64;

struct Block
{
  ByteView data;
  ByteView before; ///< primes the window; empty at the start of a part
  bool last = false;
  Bytes compressed;
  uLong checksum = 0;
};

class Deflater
{
public:
  explicit Deflater(int level)
  {
    if (deflateInit2(&m_Stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    {
      throw ResourceError("no memory to compress");
    }
  }
  Deflater(const Deflater &) = delete;
  Deflater &
  operator=(const Deflater &) = delete;
  ~Deflater()
  {
    deflateEnd(&m_Stream);
  }

  void
  Compress(Block & block)
  {
    deflateReset(&m_Stream);
    if (!block.before.empty())
    {
      deflateSetDictionary(
          &m_Stream, Pointer(block.before), static_cast<uInt>(block.before.size()));
    }
    block.compressed.resize(deflateBound(&m_Stream, static_cast<uLong>(block.data.size())) + 64);
    m_Stream.next_in = Pointer(block.data);
    m_Stream.avail_in = static_cast<uInt>(block.data.size());
    m_Stream.next_out = reinterpret_cast<Bytef *>(block.compressed.data());
    m_Stream.avail_out = static_cast<uInt>(block.compressed.size());
    const int wanted = block.last ? Z_STREAM_END : Z_OK;
    const int status = deflate(&m_Stream, block.last ? Z_FINISH : Z_SYNC_FLUSH);
    if (status != wanted || m_Stream.avail_in != 0 || m_Stream.avail_out == 0)
    {
      throw RuntimeError("zlib did not finish a block");
    }
    block.compressed.resize(block.compressed.size() - m_Stream.avail_out);
    block.checksum = crc32(0, Pointer(block.data), static_cast<uInt>(block.data.size()));
  }

private:
  static Bytef *
  Pointer(ByteView bytes)
  {
    return reinterpret_cast<Bytef *>(const_cast<std::byte *>(bytes.data()));
  }

  z_stream m_Stream{};
};

std::vector<Block>
CutIntoBlocks(const std::vector<ByteView> & parts)
{
  std::vector<Block> blocks;
  for (const auto & part : parts)
  {
    for (std::size_t start = 0; start < part.size(); start += BlockBytes)
    {
      const auto window = std::min(start, WindowBytes);
      blocks.push_back({.data = part.subspan(start, std::min(BlockBytes, part.size() - start)),
                        .before = part.subspan(start - window, window),
                        .compressed = {}});
    }
  }
  if (blocks.empty())
  {
    blocks.emplace_back();
  }
  blocks.back().last = true;
  return blocks;
}

} // namespace

void
WriteGzip(const std::vector<ByteView> & parts,
          int level,
          const std::function<void(ByteView)> & sink)
{
  if (level < 1 || level > 9)
  {
    throw UsageError(Message("compression level ", level, " (need 1 to 9)"));
  }
  const std::byte quick{static_cast<std::uint8_t>(level == 1 ? 4 : level == 9 ? 2 : 0)};
  const std::byte unknownSystem{255};
  const std::byte start[10] = {
      std::byte{0x1f}, std::byte{0x8b}, std::byte{8}, {}, {}, {}, {}, {}, quick, unknownSystem};
  sink(start);
  auto blocks = CutIntoBlocks(parts);
  uLong checksum = 0;
  std::uint64_t length = 0;
  for (std::size_t first = 0; first < blocks.size(); first += BlocksPerRound)
  {
    const auto count = std::min(BlocksPerRound, blocks.size() - first);
    ParallelFor(count,
                [&](std::size_t begin, std::size_t end)
                {
                  Deflater deflater(level);
                  for (std::size_t i = begin; i < end; ++i)
                  {
                    deflater.Compress(blocks[first + i]);
                  }
                });
    for (std::size_t i = first; i < first + count; ++i)
    {
      sink(blocks[i].compressed);
      checksum =
          crc32_combine(checksum, blocks[i].checksum, static_cast<z_off_t>(blocks[i].data.size()));
      length += blocks[i].data.size();
      blocks[i].compressed = {};
    }
  }
  Bytes end(8);
  StoreNumber(end, 0, static_cast<std::uint32_t>(checksum));
  StoreNumber(end, 4, static_cast<std::uint32_t>(length));
  sink(end);
}

} // namespace sulcus
