#pragma once

#include "sulcusAppendFile.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sulcus
{

/** Scalars in TensorBoard's event format: records of length, masked CRC-32C of the length, an
 * `Event` protobuf message and its masked CRC-32C. File names must contain "tfevents" to be found.
 */
class TensorBoardWriter
{
public:
  /** \param position as AppendFile; at 0 the version record is written. */
  TensorBoardWriter(const std::filesystem::path & path, std::int64_t position);

  /** \param wallTime seconds since 1970. */
  void
  AddScalar(const std::string & tag, double value, std::int64_t step, double wallTime);

  std::int64_t
  Position() const
  {
    return m_File.Position();
  }

private:
  void
  AddRecord(const std::string & event);

  AppendFile m_File;
};

/** CRC-32C (Castagnoli), as in RFC 3720 Appendix B.4. */
std::uint32_t
Crc32c(std::string_view bytes);

} // namespace sulcus
