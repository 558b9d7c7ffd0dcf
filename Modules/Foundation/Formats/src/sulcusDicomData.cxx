#include "sulcusDicomData.h"

#include "sulcusByteOrder.h"
#include "sulcusDicomParser.h"
#include "sulcusTextHeader.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <zlib.h>

namespace sulcus
{

namespace
{

constexpr std::uint64_t LargestInflated = std::uint64_t{1} << 32;

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
  return IsDicomRepresentation(letters) || LoadNumber<std::uint32_t>(start, 4, false) <= 64;
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
  DicomEncoding encoding;
  if (preamble || LoadNumber<std::uint16_t>(rest, 0, false) == 2)
  {
    DicomParser meta(rest, {}, m_Path);
    const auto group2 = meta.ParseElements(rest.size(), 0, false, std::uint16_t{2});
    m_TransferSyntax = group2.Text(dicom::TransferSyntaxUid);
    rest = rest.subspan(meta.Position());
  }
  if (m_TransferSyntax.empty())
  {
    const std::array<char, 2> letters{rest.size() > 5 ? static_cast<char>(rest[4]) : ' ',
                                      rest.size() > 5 ? static_cast<char>(rest[5]) : ' '};
    m_TransferSyntax = IsDicomRepresentation(letters) ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2";
  }
  encoding.implicit = m_TransferSyntax == "1.2.840.10008.1.2";
  encoding.bigEndian = BigEndian();
  if (m_TransferSyntax == "1.2.840.10008.1.2.1.99")
  {
    m_Bytes = InflateRaw(rest, m_Path);
    rest = m_Bytes;
  }
  DicomParser parser(rest, encoding, m_Path);
  m_Data = parser.ParseElements(rest.size(), 0, false);
}

bool
DicomFile::BigEndian() const
{
  return m_TransferSyntax == "1.2.840.10008.1.2.2";
}

} // namespace sulcus
