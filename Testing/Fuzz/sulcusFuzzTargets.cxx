#include "sulcusFuzzTargets.h"

#include <sulcusDicomBuilder.h>
#include <sulcusDicomData.h>
#include <sulcusError.h>
#include <sulcusGzipWriter.h>
#include <sulcusJson.h>
#include <sulcusNiftiHeader.h>
#include <sulcusSegmentInfo.h>
#include <sulcusTextVolumeHeaders.h>
#include <sulcusVolumeFile.h>

#include <nlohmann/json.hpp>

namespace sulcus
{

namespace
{

/** Small, so that a lie about sizes costs nothing. */
VolumeReadOptions
SmallBudget()
{
  VolumeReadOptions options;
  options.memoryBudgetInBytes = std::uint64_t{1} << 22;
  options.fixNonOrthogonal = true;
  return options;
}

void
ReadAndDecode(ByteView bytes)
{
  const auto options = SmallBudget();
  auto file = ReadVolumeFile(bytes, "fuzz", options);
  std::vector<float> values(file.header.VoxelCount());
  DecodeFloats(file, 0, 0, values, options, "fuzz");
  std::vector<std::uint16_t> labels(file.header.VoxelCount());
  DecodeLabels(file, 0, 0, labels, "fuzz");
}

VolumeHeader
SampleHeader()
{
  VolumeHeader header;
  header.size = {4, 3, 2};
  header.voxelType = VoxelType::Int16;
  header.lpsFromIndex = {{{1, 0, 0, 5}, {0, 1.5, 0, 6}, {0, 0, 2, 7}, {0, 0, 0, 1}}};
  return header;
}

Bytes
Join(Bytes head, const Bytes & tail)
{
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

Bytes
FromText(const std::string & text)
{
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Bytes
NiftiSeed()
{
  return Join(BuildNiftiHeader(SampleHeader()), Bytes(48));
}

Bytes
GzipSeed()
{
  Bytes packed;
  WriteGzip({NiftiSeed()},
            6,
            [&](ByteView part) { packed.insert(packed.end(), part.begin(), part.end()); });
  return packed;
}

Bytes
NrrdSeed()
{
  auto header = SampleHeader();
  header.fields = FieldsOfSegments({DefaultSegment(1)}, header.size);
  return Join(FromText(BuildNrrdHeader(header, false)), Bytes(48));
}

Bytes
MetaImageSeed()
{
  return Join(FromText(BuildMetaImageHeader(SampleHeader())), Bytes(48));
}

Bytes
DicomSeed()
{
  DicomBuilder item;
  item.Decimals(dicom::ImagePosition, {1, 2, 3});
  DicomBuilder frame;
  frame.Sequence(dicom::PlanePositionSequence, {item});
  DicomBuilder data;
  data.Text(dicom::SopClassUid, "UI", "1.2.840.10008.5.1.4.1.1.4");
  data.Words(dicom::Rows, {2});
  data.Sequence(dicom::PerFrameFunctionalGroups, {frame, frame});
  data.Raw(dicom::PixelData, "OW", Bytes(8));
  return data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3");
}

Bytes
JsonSeed()
{
  return FromText(ToSegmentationJson({.segments = {DefaultSegment(1), DefaultSegment(3)}}));
}

/** Touches everything that the readers look up. */
void
WalkDicom(const DicomDataset & data, int depth)
{
  for (const auto & [tag, element] : data.All())
  {
    data.Decimals(tag);
    data.Double(tag);
    data.Word(tag);
    data.LongWords(tag);
    for (const auto & item : element.items)
    {
      WalkDicom(item, depth + 1);
    }
  }
}

void
RunDicom(ByteView bytes)
{
  const DicomFile file(Bytes(bytes.begin(), bytes.end()), "fuzz");
  WalkDicom(file.Data(), 0);
}

void
RunJson(ByteView bytes)
{
  ParseSegmentationJson(std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size()),
                        "fuzz");
}

void
RunSegments(ByteView bytes)
{
  const auto header = ParseNrrdHeader(bytes, SmallBudget(), "fuzz").header;
  SegmentsFromFields(header.fields, "fuzz");
}

} // namespace

const std::vector<FuzzTarget> &
FuzzTargets()
{
  static const std::vector<FuzzTarget> targets = {{"nifti", ReadAndDecode, NiftiSeed},
                                                  {"gzip", ReadAndDecode, GzipSeed},
                                                  {"nrrd", ReadAndDecode, NrrdSeed},
                                                  {"segments", RunSegments, NrrdSeed},
                                                  {"metaimage", ReadAndDecode, MetaImageSeed},
                                                  {"dicom", RunDicom, DicomSeed},
                                                  {"json", RunJson, JsonSeed}};
  return targets;
}

} // namespace sulcus
