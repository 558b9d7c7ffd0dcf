#pragma once

#include "sulcusNiftiSample.h"
#include <sulcusDicomBuilder.h>

#include <cmath>
#include <string>
#include <vector>

namespace sulcus
{

/** A small oblique MR series made slice by slice: 5 x 4 pixels, value x + 5y + 20z, on the grid of
 * NiftiSample. Every attribute can be changed before it is written. */
class DicomSample
{
public:
  struct Slice
  {
    double place = 0.0;    ///< along the slice axis, in slices
    double sideways = 0.0; ///< displacement along the rows in mm
    std::string echo = "4.5";
    double turn = 0.0; ///< of the row direction in radians
    int value = 0;     ///< added to the ramp
    std::string patient = "P1";
    std::uint16_t rows = 4;
  };

  explicit DicomSample(std::size_t count = 3)
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      slices.push_back({.place = static_cast<double>(i), .value = static_cast<int>(20 * i)});
    }
  }

  std::vector<Slice> slices;
  std::string seriesUid = "1.2.3.4";
  std::string seriesNumber = "7";

  static std::string
  Number(double value)
  {
    char text[32];
    std::snprintf(text, sizeof(text), "%.10g", value);
    return text;
  }

  DicomBuilder
  Build(std::size_t which) const
  {
    const auto & slice = slices[which];
    const auto grid = NiftiSample::Grid();
    const auto axis = [&](unsigned int column, unsigned int row)
    { return grid.direction[row][column]; };
    std::string orientation;
    std::string position;
    for (unsigned int row = 0; row < 3; ++row)
    {
      position += (row > 0 ? "\\" : "") +
                  Number(grid.origin[row] + slice.place * grid.spacing[2] * axis(2, row) +
                         slice.sideways * axis(0, row));
    }
    for (unsigned int column = 0; column < 2; ++column)
    {
      for (unsigned int row = 0; row < 3; ++row)
      {
        const double turned =
            column == 0 ? std::cos(slice.turn) * axis(0, row) + std::sin(slice.turn) * axis(1, row)
                        : std::cos(slice.turn) * axis(1, row) - std::sin(slice.turn) * axis(0, row);
        orientation += (orientation.empty() ? "" : "\\") + Number(turned);
      }
    }
    DicomBuilder data;
    data.Text(dicom::SopClassUid, "UI", "1.2.840.10008.5.1.4.1.1.4");
    data.Text(dicom::SopInstanceUid, "UI", seriesUid + "." + std::to_string(which + 1));
    data.Text(dicom::Modality, "CS", "MR");
    data.Text(dicom::StudyDate, "DA", "20010203");
    data.Text(dicom::PatientName, "PN", "Sentinel^Name");
    data.Text(dicom::PatientId, "LO", slice.patient);
    data.Text(dicom::PatientBirthDate, "DA", "19450807");
    data.Text(dicom::EchoTime, "DS", slice.echo);
    data.Text(dicom::StudyInstanceUid, "UI", "1.2.3");
    data.Text(dicom::SeriesInstanceUid, "UI", seriesUid);
    data.Text(dicom::SeriesNumber, "IS", seriesNumber);
    data.Text(dicom::InstanceNumber, "IS", std::to_string(which + 1));
    data.Text(dicom::FrameOfReferenceUid, "UI", "1.2.3.9");
    data.Text(dicom::ImagePosition, "DS", position);
    data.Text(dicom::ImageOrientation, "DS", orientation);
    data.Text(dicom::PixelSpacing, "DS", "1.25\\0.75");
    data.Text(dicom::SliceThickness, "DS", "4");
    data.Words(dicom::SamplesPerPixel, {1});
    data.Words(dicom::Rows, {slice.rows});
    data.Words(dicom::Columns, {5});
    data.Words(dicom::BitsAllocated, {16});
    data.Words(dicom::BitsStored, {12});
    data.Words(dicom::HighBit, {11});
    data.Words(dicom::PixelRepresentation, {0});
    Bytes pixels;
    for (int i = 0; i < 5 * slice.rows; ++i)
    {
      const int value = i + slice.value;
      pixels.push_back(std::byte{static_cast<std::uint8_t>(value & 255)});
      pixels.push_back(std::byte{static_cast<std::uint8_t>(value >> 8 & 255)});
    }
    data.Raw(dicom::PixelData, "OW", pixels);
    return data;
  }

  /** Writes all slices; file names run against the order of the slices. */
  void
  Write(const TemporaryFolder & folder, const std::string & prefix = "s") const
  {
    for (std::size_t i = 0; i < slices.size(); ++i)
    {
      folder.Write(prefix + std::to_string(100 - i),
                   Build(i).EncodeFile("1.2.840.10008.5.1.4.1.1.4",
                                       seriesUid + "." + std::to_string(i + 1)));
    }
  }
};

} // namespace sulcus
