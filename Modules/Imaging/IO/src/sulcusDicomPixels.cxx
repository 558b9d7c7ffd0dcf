#include "sulcusDicomFrames.h"
#include <sulcusError.h>

#include <gdcmImage.h>
#include <gdcmImageReader.h>

#include <cstring>

namespace sulcus
{

namespace
{

/** GDCM, only for pixel data that are compressed; our parser has already accepted the file. */
Bytes
Decompress(const DicomFile & file, DicomPixelFormat & format, bool & lossy)
{
  gdcm::ImageReader reader;
  reader.SetFileName(file.Path().c_str());
  if (!reader.Read())
  {
    throw InputError(Message(
        file.Path(), ": pixel data of transfer syntax ", file.TransferSyntax(), " cannot be read"));
  }
  const auto & image = reader.GetImage();
  const auto & pixel = image.GetPixelFormat();
  const auto * const dimensions = image.GetDimensions();
  const std::uint64_t frames = image.GetNumberOfDimensions() > 2 ? dimensions[2] : 1;
  if (dimensions[0] != format.columns || dimensions[1] != format.rows || frames != format.frames ||
      pixel.GetSamplesPerPixel() != 1)
  {
    throw InputError(
        Message(file.Path(), ": compressed pixel data do not have the size of the header"));
  }
  format.bitsAllocated = pixel.GetBitsAllocated();
  format.bitsStored = pixel.GetBitsStored();
  format.highBit = pixel.GetHighBit();
  format.isSigned = pixel.GetPixelRepresentation() == 1;
  lossy = image.IsLossy();
  const auto expected =
      std::uint64_t{format.rows} * format.columns * format.frames * format.bitsAllocated / 8;
  Bytes bytes(image.GetBufferLength());
  if (bytes.size() != expected || !image.GetBuffer(reinterpret_cast<char *>(bytes.data())))
  {
    throw InputError(
        Message(file.Path(),
                ": compressed pixel data are damaged or of a kind that the decoder does not know"));
  }
  return bytes;
}

std::uint64_t
FrameBits(const DicomPixelFormat & format)
{
  return std::uint64_t{format.rows} * format.columns * format.bitsAllocated;
}

template <typename TWord>
std::uint32_t
LoadWord(const std::byte * from, bool swap)
{
  TWord word;
  std::memcpy(&word, from, sizeof(word));
  if constexpr (sizeof(TWord) == 2)
  {
    word = swap ? static_cast<TWord>(__builtin_bswap16(word)) : word;
  }
  else if constexpr (sizeof(TWord) == 4)
  {
    word = swap ? __builtin_bswap32(word) : word;
  }
  return word;
}

template <typename TWord>
void
CopyWords(const std::byte * from,
          const DicomPixelFormat & format,
          bool swap,
          std::vector<double> & target)
{
  const unsigned int shift = format.highBit + 1U - format.bitsStored;
  const std::uint32_t mask =
      format.bitsStored == 32 ? 0xFFFFFFFFU : (std::uint32_t{1} << format.bitsStored) - 1U;
  const std::uint32_t sign = std::uint32_t{1} << (format.bitsStored - 1);
  for (std::size_t i = 0; i < target.size(); ++i)
  {
    const auto value = LoadWord<TWord>(from + i * sizeof(TWord), swap) >> shift & mask;
    const bool negative = format.isSigned && (value & sign) != 0;
    target[i] = negative ? static_cast<double>(value) - (static_cast<double>(mask) + 1.0)
                         : static_cast<double>(value);
  }
}

} // namespace

DicomPixels::DicomPixels(const DicomFile & file)
    : m_Path(file.Path()), m_Format(PixelFormatOf(file)), m_BigEndian(file.BigEndian())
{
  const auto * const element = file.Data().Find(dicom::PixelData);
  if (element == nullptr)
  {
    throw InputError(Message(m_Path, ": has no pixel data"));
  }
  if (element->encapsulated)
  {
    m_Decoded = Decompress(file, m_Format, m_Lossy);
    m_View = m_Decoded;
    m_BigEndian = false;
  }
  else
  {
    m_View = element->value;
  }
  const auto needed = (FrameBits(m_Format) * m_Format.frames + 7) / 8;
  if (m_View.size() < needed)
  {
    throw InputError(
        Message(m_Path, ": pixel data are cut (", m_View.size(), " bytes, need ", needed, ")"));
  }
}

void
DicomPixels::Copy(std::uint32_t frame, std::vector<double> & target) const
{
  target.resize(std::size_t{m_Format.rows} * m_Format.columns);
  if (m_Format.bitsAllocated == 1)
  {
    // PS3.5 8.2: bits run on from frame to frame, the first pixel in the lowest bit.
    const auto first = FrameBits(m_Format) * frame;
    for (std::size_t i = 0; i < target.size(); ++i)
    {
      const auto bit = first + i;
      target[i] = static_cast<double>(static_cast<unsigned int>(m_View[bit / 8]) >> (bit % 8) & 1U);
    }
    return;
  }
  const auto * const from = m_View.data() + FrameBits(m_Format) / 8 * frame;
  switch (m_Format.bitsAllocated)
  {
  case 8:
    CopyWords<std::uint8_t>(from, m_Format, false, target);
    break;
  case 16:
    CopyWords<std::uint16_t>(from, m_Format, m_BigEndian, target);
    break;
  default:
    CopyWords<std::uint32_t>(from, m_Format, m_BigEndian, target);
    break;
  }
}

} // namespace sulcus
