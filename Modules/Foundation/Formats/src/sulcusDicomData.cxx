#include "sulcusDicomData.h"

#include "sulcusByteOrder.h"
#include "sulcusTextHeader.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <zlib.h>

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
constexpr std::uint64_t LargestInflated = std::uint64_t{1} << 32;

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

bool
IsRepresentation(std::array<char, 2> letters)
{
  static constexpr std::string_view all = "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW "
                                          "PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV";
  return letters[0] != ' ' && letters[1] != ' ' &&
         all.find(std::string_view(letters.data(), 2)) != std::string_view::npos;
}

struct Encoding
{
  bool implicit = false;
  bool bigEndian = false;
};

class Parser
{
public:
  Parser(ByteView bytes, Encoding encoding, const std::string & path)
      : m_Bytes(bytes), m_Encoding(encoding), m_Path(path)
  {
  }

  /** Elements up to `end`; with `untilGroup`, stops before the first element of another group. */
  DicomDataset
  ParseElements(std::size_t end,
                int depth,
                bool inItem,
                std::optional<std::uint16_t> onlyGroup = {})
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

  std::size_t
  Position() const
  {
    return m_Position;
  }

private:
  [[noreturn]] void
  Fail(const std::string & what) const
  {
    throw InputError(Message(m_Path, ": DICOM at byte ", m_Position, ": ", what));
  }

  void
  CountElement()
  {
    if (++m_Count > LargestElementCount)
    {
      Fail("too many elements");
    }
  }

  ByteView
  Take(std::uint64_t count, std::size_t end)
  {
    if (count > end - m_Position)
    {
      Fail(Message("length ", count, " goes past the end (", end - m_Position, " bytes left)"));
    }
    const auto taken = m_Bytes.subspan(m_Position, count);
    m_Position += count;
    return taken;
  }

  template <typename T>
  T
  TakeNumber(std::size_t end)
  {
    return LoadNumber<T>(Take(sizeof(T), end), 0, m_Encoding.bigEndian);
  }

  DicomTag
  PeekTag(std::size_t end)
  {
    const auto position = m_Position;
    const DicomTag group = TakeNumber<std::uint16_t>(end);
    const DicomTag element = TakeNumber<std::uint16_t>(end);
    m_Position = position;
    return group << 16 | element;
  }

  std::uint32_t
  ParseLength(DicomElement & element, std::size_t end)
  {
    if (m_Encoding.implicit)
    {
      return TakeNumber<std::uint32_t>(end);
    }
    const auto letters = Take(2, end);
    element.representation = {static_cast<char>(letters[0]), static_cast<char>(letters[1])};
    if (!IsRepresentation(element.representation))
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
  ParseElement(DicomTag tag, std::size_t end, int depth)
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
  Checked(std::uint32_t length, std::size_t end) const
  {
    if (length > end - m_Position)
    {
      Fail(Message("length ", length, " goes past the end (", end - m_Position, " bytes left)"));
    }
    return length;
  }

  void
  ParseItems(DicomElement & element, std::size_t stop, bool undefined, int depth)
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
  ParseFragments(DicomElement & element, std::size_t end)
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

  ByteView m_Bytes;
  Encoding m_Encoding;
  const std::string & m_Path;
  std::size_t m_Position = 0;
  std::size_t m_Count = 0;
};

Bytes
InflateRaw(ByteView packed, const std::string & path)
{
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK)
  {
    throw ResourceError(Message(path, ": no memory to decompress"));
  }
  Bytes result;
  Bytes block(1 << 18);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<std::byte *>(packed.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(packed.size(), 0x7FFFFFFF));
  int status = Z_OK;
  while (status == Z_OK && result.size() < LargestInflated)
  {
    stream.next_out = reinterpret_cast<Bytef *>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    status = inflate(&stream, Z_NO_FLUSH);
    result.insert(result.end(), block.begin(), block.end() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END)
  {
    throw InputError(Message(path, ": the deflated data set is cut or damaged"));
  }
  return result;
}

} // namespace

std::string
ToText(DicomTag tag)
{
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text = "(0000,0000)";
  for (int i = 0; i < 8; ++i)
  {
    text[static_cast<std::size_t>(1 + i + (i > 3 ? 1 : 0))] = digits[tag >> (28 - 4 * i) & 15];
  }
  return text;
}

bool
DicomDataset::Add(DicomTag tag, DicomElement element, bool bigEndian)
{
  m_BigEndian = bigEndian;
  return m_Elements.try_emplace(tag, std::move(element)).second;
}

const DicomElement *
DicomDataset::Find(DicomTag tag) const
{
  const auto found = m_Elements.find(tag);
  return found == m_Elements.end() ? nullptr : &found->second;
}

std::string
DicomDataset::Text(DicomTag tag) const
{
  const auto * const element = Find(tag);
  if (element == nullptr)
  {
    return {};
  }
  std::string text(reinterpret_cast<const char *>(element->value.data()), element->value.size());
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0'))
  {
    text.pop_back();
  }
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? std::string() : text.substr(first);
}

std::vector<std::string>
DicomDataset::Texts(DicomTag tag) const
{
  std::vector<std::string> texts;
  const auto whole = Text(tag);
  for (std::size_t start = 0; !whole.empty();)
  {
    const auto end = whole.find('\\', start);
    texts.emplace_back(Trimmed(
        std::string_view(whole).substr(start, end == std::string::npos ? end : end - start)));
    if (end == std::string::npos)
    {
      break;
    }
    start = end + 1;
  }
  return texts;
}

std::vector<double>
DicomDataset::Decimals(DicomTag tag) const
{
  std::vector<double> values;
  for (const auto & text : Texts(tag))
  {
    const auto value = ParseNumber<double>(text);
    if (!value || !std::isfinite(*value))
    {
      return {};
    }
    values.push_back(*value);
  }
  return values;
}

std::optional<double>
DicomDataset::Decimal(DicomTag tag) const
{
  const auto values = Decimals(tag);
  return values.empty() ? std::nullopt : std::optional(values.front());
}

std::optional<double>
DicomDataset::Double(DicomTag tag) const
{
  const auto * const element = Find(tag);
  if (element == nullptr || (element->value.size() != 8 && element->value.size() != 4))
  {
    return std::nullopt;
  }
  const double value = element->value.size() == 8
                           ? LoadNumber<double>(element->value, 0, m_BigEndian)
                           : static_cast<double>(LoadNumber<float>(element->value, 0, m_BigEndian));
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<std::uint16_t>
DicomDataset::Word(DicomTag tag) const
{
  const auto * const element = Find(tag);
  if (element == nullptr || element->value.size() < 2)
  {
    return std::nullopt;
  }
  return LoadNumber<std::uint16_t>(element->value, 0, m_BigEndian);
}

std::vector<std::uint32_t>
DicomDataset::LongWords(DicomTag tag) const
{
  std::vector<std::uint32_t> values;
  if (const auto * const element = Find(tag))
  {
    for (std::size_t at = 0; at + 4 <= element->value.size(); at += 4)
    {
      values.push_back(LoadNumber<std::uint32_t>(element->value, at, m_BigEndian));
    }
  }
  return values;
}

const std::vector<DicomDataset> &
DicomDataset::Items(DicomTag tag) const
{
  static const std::vector<DicomDataset> none;
  const auto * const element = Find(tag);
  return element == nullptr ? none : element->items;
}

const DicomDataset *
DicomDataset::Item(DicomTag tag) const
{
  const auto & items = Items(tag);
  return items.empty() ? nullptr : &items.front();
}

bool
LooksLikeDicom(ByteView start)
{
  if (start.size() >= 132 && std::memcmp(start.data() + 128, "DICM", 4) == 0)
  {
    return true;
  }
  if (start.size() < 132)
  {
    return false;
  }
  // No preamble: (0002,0000) or an early element of group 8 with a short value.
  const auto group = LoadNumber<std::uint16_t>(start, 0, false);
  const auto element = LoadNumber<std::uint16_t>(start, 2, false);
  if (!(group == 2 && element <= 0x10) && !(group == 8 && element <= 0x18))
  {
    return false;
  }
  const std::array<char, 2> letters{static_cast<char>(start[4]), static_cast<char>(start[5])};
  return IsRepresentation(letters) || LoadNumber<std::uint32_t>(start, 4, false) <= 64;
}

DicomFile::DicomFile(Bytes bytes, std::string path)
    : m_Path(std::move(path)), m_Bytes(std::move(bytes))
{
  if (!LooksLikeDicom(m_Bytes))
  {
    throw InputError(Message(m_Path, ": is not DICOM"));
  }
  const bool preamble = std::memcmp(m_Bytes.data() + 128, "DICM", 4) == 0;
  auto rest = ByteView(m_Bytes).subspan(preamble ? 132 : 0);
  Encoding encoding;
  if (preamble || LoadNumber<std::uint16_t>(rest, 0, false) == 2)
  {
    Parser meta(rest, {}, m_Path);
    const auto group2 = meta.ParseElements(rest.size(), 0, false, std::uint16_t{2});
    m_TransferSyntax = group2.Text(dicom::TransferSyntaxUid);
    rest = rest.subspan(meta.Position());
  }
  if (m_TransferSyntax.empty())
  {
    const std::array<char, 2> letters{rest.size() > 5 ? static_cast<char>(rest[4]) : ' ',
                                      rest.size() > 5 ? static_cast<char>(rest[5]) : ' '};
    m_TransferSyntax = IsRepresentation(letters) ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2";
  }
  encoding.implicit = m_TransferSyntax == "1.2.840.10008.1.2";
  encoding.bigEndian = BigEndian();
  if (m_TransferSyntax == "1.2.840.10008.1.2.1.99")
  {
    m_Bytes = InflateRaw(rest, m_Path);
    rest = m_Bytes;
  }
  Parser parser(rest, encoding, m_Path);
  m_Data = parser.ParseElements(rest.size(), 0, false);
}

bool
DicomFile::BigEndian() const
{
  return m_TransferSyntax == "1.2.840.10008.1.2.2";
}

} // namespace sulcus
