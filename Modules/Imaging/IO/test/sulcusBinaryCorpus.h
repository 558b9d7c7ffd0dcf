#pragma once

#include "sulcusCorpus.h"
#include "sulcusDicomSample.h"

#include <bit>
#include <functional>

namespace sulcus
{

inline FileBytes
MghSample()
{
  FileBytes bytes(284 + 120);
  const auto store = [&](std::size_t at, std::uint32_t value, std::size_t count)
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      bytes[at + i] = std::byte{static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)))};
    }
  };
  const auto storeFloat = [&](std::size_t at, float value)
  { store(at, std::bit_cast<std::uint32_t>(value), 4); };
  const std::uint32_t head[] = {1, 5, 4, 3, 1, 4};
  for (std::size_t i = 0; i < 6; ++i)
  {
    store(4 * i, head[i], 4);
  }
  store(28, 1, 2);
  const float geometry[] = {1, 1, 2, -1, 0, 0, 0, 0, -1, 0, 1, 0, 3, 4, 5};
  for (std::size_t i = 0; i < 15; ++i)
  {
    storeFloat(30 + 4 * i, geometry[i]);
  }
  return bytes;
}

inline void
AddMgh(Corpus & corpus)
{
  const auto sound = MghSample();
  corpus.AddCuts("mgh", sound, 25);
  corpus.AddCuts("mgz", Gzip(sound), 15);
  corpus.AddFlips("mgz", Gzip(sound), 10, 4);
  const auto with = [&](std::size_t at, std::vector<int> values)
  {
    auto bytes = sound;
    for (std::size_t i = 0; i < values.size(); ++i)
    {
      bytes[at + i] = std::byte{static_cast<std::uint8_t>(values[i])};
    }
    return bytes;
  };
  for (const std::size_t axis : {1, 2, 3, 4})
  {
    corpus.Add("mgh size 0", with(4 * axis, {0, 0, 0, 0}), Damaged);
    corpus.Add("mgh size negative", with(4 * axis, {255, 255, 255, 255}), Damaged);
    corpus.Add("mgh size huge",
               with(4 * axis, {127, 255, 255, 255}),
               {ExitCode::DamagedInput, ExitCode::Resources, ExitCode::GeometryRefused});
  }
  for (const int type : {2, 5, 7, 99})
  {
    corpus.Add(Message("mgh type ", type), with(20, {0, 0, 0, type}), Damaged);
  }
  corpus.Add("mgh version 2", with(0, {0, 0, 0, 2}), Damaged);
  corpus.Add("mgh without geometry", with(28, {0, 0}), BadGeometry);
  for (std::size_t field = 0; field < 15; ++field)
  {
    corpus.Add("mgh nan", with(30 + 4 * field, {127, 192, 0, 0}), BadGeometry);
  }
}

inline void
AddDicom(Corpus & corpus)
{
  const auto sound = DicomSample(1).Build(0);
  const auto bytes = sound.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4.1");
  corpus.AddCuts("dicom", bytes, 40);
  const auto change = [&](const std::string & name,
                          const std::function<void(DicomBuilder &)> & edit,
                          const std::set<ExitCode> & codes)
  {
    auto data = DicomSample(1).Build(0);
    edit(data);
    corpus.Add("dicom " + name, data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4.1"), codes);
  };
  for (const DicomTag tag :
       {dicom::ImagePosition, dicom::ImageOrientation, dicom::PixelSpacing, dicom::SliceThickness})
  {
    for (const auto * const value : {"", "x", "1\\2", "nan\\nan\\nan", "1e400\\0\\0"})
    {
      if (tag == dicom::PixelSpacing && std::string(value) == "1\\2")
      {
        continue; // sound: rows and columns may be spaced differently
      }
      change(
          ToText(tag) + " = " + value, [&](auto & data) { data.Text(tag, "DS", value); }, Unfit);
    }
  }
  for (const auto * const value : {"2\\0\\0\\0\\1\\0", "1\\0\\0\\1\\0\\0", "0\\0\\0\\0\\0\\0"})
  {
    change(
        std::string("orientation ") + value,
        [&](auto & data) { data.Text(dicom::ImageOrientation, "DS", value); },
        BadGeometry);
  }
  for (const auto * const value : {"0\\1", "-1\\1", "0.001\\1", "90\\1"})
  {
    change(
        std::string("pixel spacing ") + value,
        [&](auto & data) { data.Text(dicom::PixelSpacing, "DS", value); },
        BadGeometry);
  }
  const std::pair<DicomTag, std::vector<std::uint16_t>> words[] = {
      {dicom::Rows, {0, 5, 65535}},
      {dicom::Columns, {0, 6, 65535}},
      {dicom::BitsAllocated, {0, 12, 32, 64}},
      {dicom::BitsStored, {0, 17}},
      {dicom::HighBit, {3, 16}},
      {dicom::PixelRepresentation, {2, 65535}},
      {dicom::SamplesPerPixel, {0, 3}}};
  for (const auto & [tag, values] : words)
  {
    for (const auto value : values)
    {
      change(
          Message(ToText(tag), " = ", value),
          [&](auto & data) { data.Words(tag, {value}); },
          Unfit);
    }
  }
  for (const auto * const value : {"0", "2", "-1", "1.5", "1000001", "x", "1\\1"})
  {
    change(
        std::string("frames ") + value,
        [&](auto & data) { data.Text(dicom::NumberOfFrames, "IS", value); },
        Unfit);
  }
  for (const auto * const value : {"0", "x", "1\\2", "1e400", "nan"})
  {
    change(
        std::string("slope ") + value,
        [&](auto & data) { data.Text(dicom::RescaleSlope, "DS", value); },
        Damaged);
  }
  for (const auto * const value : {"x", "1\\2", "inf"})
  {
    change(
        std::string("intercept ") + value,
        [&](auto & data) { data.Text(dicom::RescaleIntercept, "DS", value); },
        Damaged);
  }
  change(
      "mosaic",
      [](auto & data) { data.Text(dicom::ImageType, "CS", "ORIGINAL\\PRIMARY\\MOSAIC"); },
      BadGeometry);
}

} // namespace sulcus
