#pragma once

#include <array>
#include <cstdint>

namespace sulcus
{

/** sRGB to CIELab (D65 white, as dcmqi writes it), in the unsigned 16-bit encoding of DICOM PS3.3
 * C.10.7.1.1. */
std::array<std::uint16_t, 3>
DicomLabFromRgb(const std::array<std::uint8_t, 3> & rgb);

std::array<std::uint8_t, 3>
RgbFromDicomLab(const std::array<std::uint16_t, 3> & lab);

} // namespace sulcus
