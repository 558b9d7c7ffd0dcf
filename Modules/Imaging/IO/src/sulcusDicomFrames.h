#pragma once

#include <sulcusDicomData.h>
#include <sulcusVolumeHeader.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

using Vector3 = std::array<double, 3>;

/** One plane of pixels and where it is. */
struct DicomFrame
{
  std::size_t file = 0;    ///< among the files of the series
  std::uint32_t frame = 0; ///< in its file
  Vector3 position{};      ///< of the first pixel's centre, LPS mm
  Vector3 rowDirection{};  ///< along a row, towards growing column number
  Vector3 columnDirection{};
  double columnSpacing = 0.0; ///< between columns: along a row
  double rowSpacing = 0.0;
  double thickness = 0.0;    ///< 0: not stated
  double sliceSpacing = 0.0; ///< 0: not stated
  double slope = 1.0;
  double intercept = 0.0;
  std::vector<std::uint16_t> segments; ///< of a segmentation

  /** What may tell volumes at one place apart; each is empty where the file says nothing. */
  std::string echo;
  std::string diffusion;
  std::string temporal;
  std::string stack;
  std::string frameType;
  std::string trigger;
  std::string acquisition;
};

/** How pixels are stored in one file. */
struct DicomPixelFormat
{
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::uint16_t bitsAllocated = 0;
  std::uint16_t bitsStored = 0;
  std::uint16_t highBit = 0;
  bool isSigned = false;
  std::uint32_t frames = 1;
};

/** \throws InputError where an attribute is missing or impossible, or the image is in colour. */
DicomPixelFormat
PixelFormatOf(const DicomFile & file);

/** The frames of a file. \throws GeometryError for one without place or orientation. */
std::vector<DicomFrame>
FramesOf(const DicomFile & file, std::size_t fileNumber);

/** Pixels of one file, decompressed where needed; frames one after the other. `format` is updated
 * to what they are. \throws InputError if there are fewer than the header says. */
class DicomPixels
{
public:
  explicit DicomPixels(const DicomFile & file);

  const DicomPixelFormat &
  Format() const
  {
    return m_Format;
  }

  /** Stored values of a frame, sign extended, x fastest. `target` holds rows x columns. */
  void
  Copy(std::uint32_t frame, std::vector<double> & target) const;

  /** Whether pixels went through a lossy compression. */
  bool
  IsLossy() const
  {
    return m_Lossy;
  }

private:
  std::string m_Path;
  DicomPixelFormat m_Format;
  ByteView m_View;
  Bytes m_Decoded;
  bool m_BigEndian = false;
  bool m_Lossy = false;
};

double
Dot(const Vector3 & a, const Vector3 & b);
Vector3
Cross(const Vector3 & a, const Vector3 & b);

} // namespace sulcus
