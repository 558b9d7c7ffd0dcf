#pragma once

#include "sulcusDicomData.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sulcus
{

/** Collects data elements and encodes them as explicit VR little endian, in order of their tags. */
class DicomBuilder
{
public:
  /** Text of any representation; control characters become blanks, padding is added. */
  void
  Text(DicomTag tag, std::string_view representation, std::string_view value);
  /** Decimal strings of at most 16 characters (nine significant digits). */
  void
  Decimals(DicomTag tag, const std::vector<double> & values);
  void
  Words(DicomTag tag, const std::vector<std::uint16_t> & values);
  void
  LongWords(DicomTag tag, const std::vector<std::uint32_t> & values);
  void
  Tag(DicomTag tag, DicomTag value);
  void
  Raw(DicomTag tag, std::string_view representation, Bytes value);
  void
  Sequence(DicomTag tag, const std::vector<DicomBuilder> & items);

  /** The data set without preamble and group 2. */
  Bytes
  Encode() const;

  /** A whole file: preamble, group 2 and data set. */
  Bytes
  EncodeFile(const std::string & sopClassUid, const std::string & sopInstanceUid) const;

private:
  std::map<DicomTag, Bytes> m_Encoded;
};

/** A coded concept as the one item of a sequence. */
DicomBuilder
CodeItem(std::string_view scheme, std::string_view value, std::string_view meaning);

/** A UID under 2.25 (ISO/IEC 9834-8) from a text: the same text gives the same UID. */
std::string
UidFromText(std::string_view text);

/** Bits of `mask` (any non-zero byte is 1) packed after `bits` bits that `packed` already holds,
 * lowest bit first, with no padding between frames (PS3.5 8.1.1). */
void
AppendBits(Bytes & packed, std::uint64_t & bits, ByteView mask);

} // namespace sulcus
