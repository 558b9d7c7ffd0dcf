#pragma once

#include "sulcusNiftiSample.h"
#include <sulcusError.h>
#include <sulcusGzipWriter.h>
#include <sulcusSafeRead.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

namespace sulcus
{

using FileBytes = std::vector<std::byte>;

/** One file of a corpus and what must come of it. */
struct Entry
{
  std::string name;
  FileBytes bytes;
  std::set<ExitCode> codes; ///< of a malformed file; empty: it is sound
  bool asLabels = false;
  ReadOptions options;
};

inline const std::set<ExitCode> Damaged = {ExitCode::DamagedInput};
inline const std::set<ExitCode> BadGeometry = {ExitCode::GeometryRefused};
inline const std::set<ExitCode> Unfit = {ExitCode::DamagedInput, ExitCode::GeometryRefused};
inline const std::set<ExitCode> TooLarge = {ExitCode::DamagedInput, ExitCode::Resources};

inline FileBytes
Gzip(const FileBytes & bytes)
{
  FileBytes packed;
  WriteGzip(
      {bytes}, 6, [&](ByteView part) { packed.insert(packed.end(), part.begin(), part.end()); });
  return packed;
}

inline FileBytes
Cut(const FileBytes & bytes, std::size_t length)
{
  return {bytes.begin(),
          bytes.begin() + static_cast<std::ptrdiff_t>(std::min(length, bytes.size()))};
}

inline FileBytes
AsBytes(const std::string & text)
{
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/** Files that a reader must refuse, or must read. */
class Corpus
{
public:
  std::vector<Entry> entries;

  void
  Add(const std::string & name, FileBytes bytes, std::set<ExitCode> codes, bool asLabels = false)
  {
    entries.push_back({name, std::move(bytes), std::move(codes), asLabels, {}});
  }

  /** The file cut at many places, and with one bit of every byte from `firstFlip` on flipped. */
  void
  AddCuts(const std::string & name, const FileBytes & bytes, std::size_t count)
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      const auto length = i * (bytes.size() - 1) / (count - 1);
      Add(Message(name, " cut at ", length), Cut(bytes, length), Unfit);
    }
  }

  void
  AddFlips(const std::string & name, const FileBytes & bytes, std::size_t first, std::size_t step)
  {
    for (std::size_t at = first; at < bytes.size(); at += step)
    {
      if (at + 9 == bytes.size())
      {
        continue; // the last byte before the checksum has unused bits
      }
      auto flipped = bytes;
      flipped[at] ^= std::byte{static_cast<std::uint8_t>(1U << at % 8)};
      Add(Message(name, " flipped at ", at), flipped, Unfit);
    }
  }
};

} // namespace sulcus
