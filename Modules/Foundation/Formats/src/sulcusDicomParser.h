#pragma once

#include "sulcusByteOrder.h"
#include "sulcusDicomData.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace sulcus
{

/** Byte order and form of the elements, from the transfer syntax. */
struct DicomEncoding
{
  bool implicit = false;
  bool bigEndian = false;
};

/** Whether two letters name a value representation of PS3.5. */
bool
IsDicomRepresentation(std::array<char, 2> letters);

/** Turns bytes into elements (PS3.5 section 7). Values are views of the bytes; nothing is copied.
 * \throws InputError naming the byte where an element goes past the end, appears twice, is nested
 * too deeply or is of no known form */
class DicomParser
{
public:
  DicomParser(ByteView bytes, DicomEncoding encoding, const std::string & path)
      : m_Bytes(bytes), m_Encoding(encoding), m_Path(path)
  {
  }

  /** Elements up to `end`; with `onlyGroup`, stops before the first element of another group. */
  DicomDataset
  ParseElements(std::size_t end,
                int depth,
                bool inItem,
                std::optional<std::uint16_t> onlyGroup = {});

  std::size_t
  Position() const
  {
    return m_Position;
  }

private:
  [[noreturn]] void
  Fail(const std::string & what) const;

  void
  CountElement();

  ByteView
  Take(std::uint64_t count, std::size_t end);

  template <typename T>
  T
  TakeNumber(std::size_t end)
  {
    return LoadNumber<T>(Take(sizeof(T), end), 0, m_Encoding.bigEndian);
  }

  DicomTag
  PeekTag(std::size_t end);

  std::uint32_t
  ParseLength(DicomElement & element, std::size_t end);

  DicomElement
  ParseElement(DicomTag tag, std::size_t end, int depth);

  std::size_t
  Checked(std::uint32_t length, std::size_t end) const;

  void
  ParseItems(DicomElement & element, std::size_t stop, bool undefined, int depth);

  void
  ParseFragments(DicomElement & element, std::size_t end);

  ByteView m_Bytes;
  DicomEncoding m_Encoding;
  const std::string & m_Path;
  std::size_t m_Position = 0;
  std::size_t m_Count = 0;
};

} // namespace sulcus
