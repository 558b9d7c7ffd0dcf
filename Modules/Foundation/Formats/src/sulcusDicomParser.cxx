#include "sulcusDicomParser.h"

#include <sulcusError.h>

#include <set>
#include <string_view>

namespace sulcus
{

namespace
{

constexpr std::uint32_t UndefinedLength = 0xFFFFFFFF;
constexpr DicomTag ItemTag = 0xFFFEE000;
constexpr DicomTag ItemEndTag = 0xFFFEE00D;
constexpr DicomTag SequenceEndTag = 0xFFFEE0DD;
constexpr int LargestDepth = 16;
constexpr std::size_t LargestElementCount = std::size_t{1} << 22;

/** Sequences that this toolkit reads; implicit VR does not say which elements are sequences. */
bool
IsKnownSequence(DicomTag tag)
{
  static const std::set<DicomTag> sequences = {
      0x00081115, 0x00081140, 0x00081199, 0x00082112, 0x00089124, 0x00089215, 0x00189076,
      0x00189112, 0x00189114, 0x00189117, 0x00209071, 0x00209111, 0x00209113, 0x00209116,
      0x00209221, 0x00209222, 0x00289110, 0x00289145, 0x00620002, 0x00620003, 0x0062000A,
      0x0062000F, 0x30060010, 0x30060012, 0x30060014, 0x30060016, 0x30060020, 0x30060039,
      0x30060040, 0x30060080, 0x52009229, 0x52009230};
  return sequences.contains(tag);
}

bool
HasLongLength(std::array<char, 2> representation)
{
  static constexpr std::string_view longForms = "OB OW OF OD OL OV SQ UC UR UT UN SV UV";
  return longForms.find(std::string_view(representation.data(), 2)) != std::string_view::npos;
}

} // namespace

bool
IsDicomRepresentation(std::array<char, 2> letters)
{
  static constexpr std::string_view all = "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW "
                                          "PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV";
  return letters[0] != ' ' && letters[1] != ' ' &&
         all.find(std::string_view(letters.data(), 2)) != std::string_view::npos;
}

DicomDataset
DicomParser::ParseElements(std::size_t end,
                           int depth,
                           bool inItem,
                           std::optional<std::uint16_t> onlyGroup)
{
  DicomDataset dataset;
  while (m_Position < end)
  {
    const auto tag = PeekTag(end);
    if (onlyGroup && tag >> 16 != *onlyGroup)
    {
      return dataset;
    }
    if (inItem && tag == ItemEndTag)
    {
      Take(8, end);
      return dataset;
    }
    CountElement();
    m_Position += 4;
    auto element = ParseElement(tag, end, depth);
    if (!dataset.Add(tag, std::move(element), m_Encoding.bigEndian))
    {
      Fail(Message("the element ", ToText(tag), " appears twice"));
    }
  }
  return dataset;
}

void
DicomParser::Fail(const std::string & what) const
{
  throw InputError(Message(m_Path, ": DICOM at byte ", m_Position, ": ", what));
}

void
DicomParser::CountElement()
{
  if (++m_Count > LargestElementCount)
  {
    Fail("too many elements");
  }
}

ByteView
DicomParser::Take(std::uint64_t count, std::size_t end)
{
  if (count > end - m_Position)
  {
    Fail(Message("length ", count, " goes past the end (", end - m_Position, " bytes left)"));
  }
  const auto taken = m_Bytes.subspan(m_Position, count);
  m_Position += count;
  return taken;
}

DicomTag
DicomParser::PeekTag(std::size_t end)
{
  const auto position = m_Position;
  const DicomTag group = TakeNumber<std::uint16_t>(end);
  const DicomTag element = TakeNumber<std::uint16_t>(end);
  m_Position = position;
  return group << 16 | element;
}

std::uint32_t
DicomParser::ParseLength(DicomElement & element, std::size_t end)
{
  if (m_Encoding.implicit)
  {
    return TakeNumber<std::uint32_t>(end);
  }
  const auto letters = Take(2, end);
  element.representation = {static_cast<char>(letters[0]), static_cast<char>(letters[1])};
  if (!IsDicomRepresentation(element.representation))
  {
    Fail("value representation is not known");
  }
  if (!HasLongLength(element.representation))
  {
    return TakeNumber<std::uint16_t>(end);
  }
  Take(2, end);
  return TakeNumber<std::uint32_t>(end);
}

DicomElement
DicomParser::ParseElement(DicomTag tag, std::size_t end, int depth)
{
  DicomElement element;
  const auto length = ParseLength(element, end);
  const bool undefined = length == UndefinedLength;
  if (tag == dicom::PixelData && undefined)
  {
    element.encapsulated = true;
    ParseFragments(element, end);
    return element;
  }
  const bool unknown =
      !m_Encoding.implicit && element.representation == std::array<char, 2>{'U', 'N'};
  const bool sequence = element.representation == std::array<char, 2>{'S', 'Q'} || undefined ||
                        (m_Encoding.implicit && IsKnownSequence(tag));
  if (!sequence)
  {
    element.value = Take(length, end);
    return element;
  }
  element.representation = {'S', 'Q'};
  const auto stop = undefined ? end : m_Position + Checked(length, end);
  const auto saved = m_Encoding;
  m_Encoding.implicit = m_Encoding.implicit || unknown; // PS3.5 6.2.2: UN sequences are implicit
  ParseItems(element, stop, undefined, depth + 1);
  m_Encoding = saved;
  return element;
}

std::size_t
DicomParser::Checked(std::uint32_t length, std::size_t end) const
{
  if (length > end - m_Position)
  {
    Fail(Message("length ", length, " goes past the end (", end - m_Position, " bytes left)"));
  }
  return length;
}

void
DicomParser::ParseItems(DicomElement & element, std::size_t stop, bool undefined, int depth)
{
  if (depth > LargestDepth)
  {
    Fail("sequences are nested too deeply");
  }
  while (m_Position < stop)
  {
    const auto tag = PeekTag(stop);
    m_Position += 4;
    const auto length = TakeNumber<std::uint32_t>(stop);
    if (tag == SequenceEndTag && undefined)
    {
      return;
    }
    if (tag != ItemTag)
    {
      Fail("an item of a sequence was expected");
    }
    CountElement();
    const bool openEnd = length == UndefinedLength;
    const auto itemEnd = openEnd ? stop : m_Position + Checked(length, stop);
    element.items.push_back(ParseElements(itemEnd, depth, openEnd));
  }
  if (undefined)
  {
    Fail("a sequence has no end");
  }
}

void
DicomParser::ParseFragments(DicomElement & element, std::size_t end)
{
  while (m_Position < end)
  {
    const auto tag = PeekTag(end);
    m_Position += 4;
    const auto length = TakeNumber<std::uint32_t>(end);
    if (tag == SequenceEndTag)
    {
      return;
    }
    if (tag != ItemTag || length == UndefinedLength)
    {
      Fail("encapsulated pixel data are damaged");
    }
    CountElement();
    element.fragments.push_back(Take(length, end));
  }
  Fail("encapsulated pixel data have no end");
}

} // namespace sulcus
