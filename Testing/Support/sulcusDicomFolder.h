#pragma once

#include <sulcusDicomBuilder.h>
#include <sulcusImageGrid.h>
#include <sulcusImages.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sulcus
{

/** Writes a volume of whole numbers from 0 to 65535 as a classic MR series, one file a slice, whose
 * names do not follow the order of the slices. The patient is called SENTINEL^JANE. */
inline std::string
WriteDicomFolder(const std::filesystem::path & folder,
                 const FloatImage * image,
                 const std::string & seriesUid = "1.2.826.99.7")
{
  const auto grid = GridOf(image);
  const auto axis = [&](unsigned int column, unsigned int row)
  { return grid.direction[row][column]; };
  std::filesystem::create_directories(folder);
  for (std::size_t slice = 0; slice < grid.size[2]; ++slice)
  {
    DicomBuilder data;
    const auto uid = seriesUid + "." + std::to_string(slice + 1);
    const auto position = grid.PointAt(0, 0, static_cast<double>(slice));
    data.Text(dicom::SopClassUid, "UI", "1.2.840.10008.5.1.4.1.1.4");
    data.Text(dicom::SopInstanceUid, "UI", uid);
    data.Text(dicom::Modality, "CS", "MR");
    data.Text(dicom::PatientName, "PN", "SENTINEL^JANE");
    data.Text(dicom::PatientId, "LO", "SENTINEL-4711");
    data.Text(dicom::StudyInstanceUid, "UI", "1.2.826.99");
    data.Text(dicom::SeriesInstanceUid, "UI", seriesUid);
    data.Text(dicom::SeriesNumber, "IS", "4");
    data.Text(dicom::SeriesDescription, "LO", "t1 sag <3D>");
    data.Text(dicom::FrameOfReferenceUid, "UI", "1.2.826.99.8");
    data.Decimals(dicom::ImagePosition, {position[0], position[1], position[2]});
    data.Decimals(dicom::ImageOrientation,
                  {axis(0, 0), axis(0, 1), axis(0, 2), axis(1, 0), axis(1, 1), axis(1, 2)});
    data.Decimals(dicom::PixelSpacing, {grid.spacing[1], grid.spacing[0]});
    data.Decimals(dicom::SliceThickness, {grid.spacing[2]});
    data.Words(dicom::SamplesPerPixel, {1});
    data.Words(dicom::Rows, {static_cast<std::uint16_t>(grid.size[1])});
    data.Words(dicom::Columns, {static_cast<std::uint16_t>(grid.size[0])});
    data.Words(dicom::BitsAllocated, {16});
    data.Words(dicom::BitsStored, {16});
    data.Words(dicom::HighBit, {15});
    data.Words(dicom::PixelRepresentation, {0});
    const auto plane = grid.size[0] * grid.size[1];
    Bytes pixels(2 * plane);
    for (std::size_t i = 0; i < plane; ++i)
    {
      const auto value =
          static_cast<std::uint16_t>(image->GetBufferPointer()[slice * plane + i] + 0.5F);
      pixels[2 * i] = std::byte{static_cast<std::uint8_t>(value & 255U)};
      pixels[2 * i + 1] = std::byte{static_cast<std::uint8_t>(value >> 8U)};
    }
    data.Raw(dicom::PixelData, "OW", pixels);
    const auto file = data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", uid);
    std::ofstream stream(folder / ("i" + std::to_string((slice * 7 + 3) % 1000)), std::ios::binary);
    stream.write(reinterpret_cast<const char *>(file.data()),
                 static_cast<std::streamsize>(file.size()));
  }
  return folder.string();
}

} // namespace sulcus
