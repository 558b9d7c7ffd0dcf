#include "sulcusDicomScan.h"
#include "sulcusDicomWrite.h"
#include "sulcusLabColor.h"
#include "sulcusWorker.h"
#include <sulcusAtomicFile.h>
#include <sulcusDicomBuilder.h>
#include <sulcusImageGrid.h>
#include <sulcusSha256.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <set>

namespace sulcus
{

namespace
{

using nlohmann::json;

constexpr const char * SegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4";
constexpr double SamePlaceInMm = 0.02;

/** Attributes of patient, study and frame of reference that a derived object inherits, with their
 * representation. */
const std::vector<std::pair<DicomTag, const char *>> &
InheritedAttributes()
{
  static const std::vector<std::pair<DicomTag, const char *>> attributes = {
      {0x00080005, "CS"},
      {dicom::StudyDate, "DA"},
      {dicom::StudyTime, "TM"},
      {dicom::AccessionNumber, "SH"},
      {dicom::ReferringPhysician, "PN"},
      {dicom::StudyDescription, "LO"},
      {dicom::PatientName, "PN"},
      {dicom::PatientId, "LO"},
      {dicom::PatientBirthDate, "DA"},
      {dicom::PatientSex, "CS"},
      {dicom::StudyId, "SH"}};
  return attributes;
}

struct SourceInstance
{
  std::string sopClass;
  std::string sopInstance;
  std::uint32_t frame = 0;
  bool multiFrame = false;
  Vector3 position{};
};

struct SourceSeries
{
  std::map<DicomTag, std::string> attributes;
  std::string study;
  std::string series;
  std::string frameOfReference;
  std::vector<SourceInstance> instances;
};

Bytes
DescribeSource(const std::string & path, const std::string & series)
{
  ReadOptions options;
  options.series = series;
  const auto scan = ScanDicom(path);
  const auto & chosen = ChooseSeries(scan, DicomSeriesSummary::Kind::Image, options, path);
  json result;
  result["instances"] = json::array();
  for (std::size_t number = 0; number < chosen.paths.size(); ++number)
  {
    const DicomFile file(ReadWholeFile(chosen.paths[number]), chosen.paths[number]);
    const auto & data = file.Data();
    if (number == 0)
    {
      for (const auto & [tag, representation] : InheritedAttributes())
      {
        result["attributes"].push_back({tag, data.Text(tag)});
      }
      result["study"] = data.Text(dicom::StudyInstanceUid);
      result["series"] = data.Text(dicom::SeriesInstanceUid);
      result["for"] = data.Text(dicom::FrameOfReferenceUid);
    }
    for (const auto & frame : chosen.frames)
    {
      if (frame.file == number)
      {
        result["instances"].push_back({{"class", data.Text(dicom::SopClassUid)},
                                       {"uid", data.Text(dicom::SopInstanceUid)},
                                       {"frame", frame.frame},
                                       {"multi", data.Find(dicom::NumberOfFrames) != nullptr},
                                       {"position", frame.position}});
      }
    }
  }
  const auto text = result.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

SourceSeries
ReadSource(const std::string & path, const std::string & series)
{
  const auto answer = RunInWorker([&]() { return DescribeSource(path, series); }, path);
  const auto * const text = reinterpret_cast<const char *>(answer.data());
  const auto object = json::parse(text, text + answer.size());
  SourceSeries source;
  for (const auto & attribute : object.at("attributes"))
  {
    source.attributes[attribute.at(0)] = attribute.at(1);
  }
  source.study = object.at("study");
  source.series = object.at("series");
  source.frameOfReference = object.at("for");
  for (const auto & item : object.at("instances"))
  {
    source.instances.push_back({item.at("class"),
                                item.at("uid"),
                                item.at("frame"),
                                item.at("multi"),
                                item.at("position")});
  }
  return source;
}

std::string
RandomSecret()
{
  std::string secret(32, '\0');
  std::ifstream stream("/dev/urandom", std::ios::binary);
  stream.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (!stream)
  {
    throw RuntimeError("no random numbers for de-identification");
  }
  return secret;
}

/** HMAC-SHA256 (RFC 2104) of a text as hexadecimal digits. */
std::string
KeyedHash(const std::string & secret, const std::string & text)
{
  std::string key = secret.size() > 64 ? Sha256OfText(secret) : secret;
  key.resize(64, '\0');
  std::string inner = key;
  std::string outer = key;
  for (std::size_t i = 0; i < 64; ++i)
  {
    inner[i] = static_cast<char>(inner[i] ^ 0x36);
    outer[i] = static_cast<char>(outer[i] ^ 0x5c);
  }
  return Sha256OfText(outer + Sha256OfText(inner + text));
}

/** Names, dates and UIDs go; what is left links objects of one run (or one secret) to each other
 * and to nothing else. */
void
Deidentify(SourceSeries & source, const std::string & secret)
{
  const auto key = secret.empty() ? RandomSecret() : secret;
  const auto hashed = [&](std::string & uid)
  { uid = uid.empty() ? uid : UidFromText(KeyedHash(key, uid)); };
  source.attributes.clear();
  hashed(source.study);
  hashed(source.series);
  hashed(source.frameOfReference);
  for (auto & instance : source.instances)
  {
    hashed(instance.sopInstance);
  }
}

/** One bit plane to write. */
struct SegmentFrame
{
  std::size_t segment = 0; ///< counted from 0
  std::uint64_t slice = 0;
};

std::vector<SegmentInfo>
SegmentsToWrite(const LabelImage * labels, const SegmentationInfo & info)
{
  const auto count = labels->GetLargestPossibleRegion().GetNumberOfPixels();
  std::vector<bool> present(65536, false);
  for (std::size_t i = 0; i < count; ++i)
  {
    present[labels->GetBufferPointer()[i]] = true;
  }
  std::map<std::uint16_t, SegmentInfo> segments;
  for (const auto & segment : info.segments)
  {
    segments[segment.labelValue] = segment;
  }
  for (std::size_t label = 1; label < present.size(); ++label)
  {
    if (present[label])
    {
      segments.try_emplace(static_cast<std::uint16_t>(label),
                           DefaultSegment(static_cast<std::uint16_t>(label)));
    }
  }
  if (segments.empty())
  {
    segments[1] = DefaultSegment(1);
  }
  std::vector<SegmentInfo> result;
  for (const auto & [label, segment] : segments)
  {
    result.push_back(segment);
  }
  return result;
}

Bytes
MaskOf(const LabelImage * labels, std::uint16_t label, std::uint64_t slice)
{
  const auto size = labels->GetLargestPossibleRegion().GetSize();
  const auto plane = size[0] * size[1];
  Bytes mask(plane);
  const auto * const from = labels->GetBufferPointer() + slice * plane;
  std::transform(from, from + plane, mask.begin(), [&](auto v) { return std::byte{v == label}; });
  return mask;
}

/** Frames with at least one voxel, and all bits packed. An empty result still has one, empty,
 * frame. */
std::vector<SegmentFrame>
PackFrames(const LabelImage * labels, const std::vector<SegmentInfo> & segments, Bytes & packed)
{
  std::vector<SegmentFrame> frames;
  std::uint64_t bits = 0;
  const auto slices = labels->GetLargestPossibleRegion().GetSize()[2];
  for (std::size_t segment = 0; segment < segments.size(); ++segment)
  {
    for (std::uint64_t slice = 0; slice < slices; ++slice)
    {
      const auto mask = MaskOf(labels, segments[segment].labelValue, slice);
      if (std::any_of(mask.begin(), mask.end(), [](std::byte b) { return b != std::byte{0}; }))
      {
        AppendBits(packed, bits, mask);
        frames.push_back({segment, slice});
      }
    }
  }
  if (frames.empty())
  {
    AppendBits(packed, bits, MaskOf(labels, segments.front().labelValue, 0));
    frames.push_back({0, 0});
  }
  return frames;
}

std::vector<DicomBuilder>
SegmentItems(const std::vector<SegmentInfo> & segments)
{
  std::vector<DicomBuilder> items;
  for (std::size_t i = 0; i < segments.size(); ++i)
  {
    const auto & segment = segments[i];
    DicomBuilder item;
    item.Sequence(
        dicom::SegmentedPropertyCategory,
        {CodeItem(segment.category.scheme, segment.category.value, segment.category.meaning)});
    item.Words(dicom::SegmentNumber, {static_cast<std::uint16_t>(i + 1)});
    item.Text(dicom::SegmentLabel, "LO", segment.name.substr(0, 64));
    if (!segment.description.empty())
    {
      item.Text(dicom::SegmentDescription, "ST", segment.description.substr(0, 1024));
    }
    item.Text(dicom::SegmentAlgorithmType, "CS", segment.algorithmType);
    if (segment.algorithmType != "MANUAL")
    {
      item.Text(dicom::SegmentAlgorithmName, "LO", segment.algorithmName.substr(0, 64));
    }
    const auto lab = DicomLabFromRgb(segment.color);
    item.Words(dicom::RecommendedDisplayCielab, {lab[0], lab[1], lab[2]});
    item.Sequence(dicom::SegmentedPropertyType,
                  {CodeItem(segment.type.scheme, segment.type.value, segment.type.meaning)});
    items.push_back(std::move(item));
  }
  return items;
}

const SourceInstance *
InstanceAt(const SourceSeries & source, const Vector3 & position, const Vector3 & normal)
{
  for (const auto & instance : source.instances)
  {
    const Vector3 difference{instance.position[0] - position[0],
                             instance.position[1] - position[1],
                             instance.position[2] - position[2]};
    if (std::abs(Dot(difference, normal)) <= SamePlaceInMm)
    {
      return &instance;
    }
  }
  return nullptr;
}

DicomBuilder
ReferenceItem(const SourceInstance & instance)
{
  DicomBuilder item;
  item.Text(0x00081150, "UI", instance.sopClass);
  item.Text(0x00081155, "UI", instance.sopInstance);
  return item;
}

DicomBuilder
DerivationItem(const SourceInstance & instance)
{
  auto image = ReferenceItem(instance);
  if (instance.multiFrame)
  {
    image.Text(0x00081160, "IS", Message(instance.frame + 1));
  }
  image.Sequence(0x0040A170,
                 {CodeItem("DCM", "121322", "Source image for image processing operation")});
  DicomBuilder item;
  item.Sequence(0x00082112, {image});
  item.Sequence(0x00089215, {CodeItem("DCM", "113076", "Segmentation")});
  return item;
}

/** Everything that depends on the place of frames. */
void
AddFunctionalGroups(DicomBuilder & data,
                    const ImageGrid & grid,
                    const std::vector<SegmentFrame> & frames,
                    const SourceSeries & source)
{
  const auto column = [&](unsigned int axis) {
    return Vector3{grid.direction[0][axis], grid.direction[1][axis], grid.direction[2][axis]};
  };
  const auto row = column(0);
  const auto down = column(1);
  DicomBuilder orientation;
  orientation.Decimals(dicom::ImageOrientation,
                       {row[0], row[1], row[2], down[0], down[1], down[2]});
  DicomBuilder measures;
  measures.Decimals(dicom::SliceThickness, {grid.spacing[2]});
  measures.Decimals(dicom::SpacingBetweenSlices, {grid.spacing[2]});
  measures.Decimals(dicom::PixelSpacing, {grid.spacing[1], grid.spacing[0]});
  DicomBuilder shared;
  shared.Sequence(dicom::PlaneOrientationSequence, {orientation});
  shared.Sequence(dicom::PixelMeasuresSequence, {measures});
  data.Sequence(dicom::SharedFunctionalGroups, {shared});

  std::set<std::uint64_t> slices;
  for (const auto & frame : frames)
  {
    slices.insert(frame.slice);
  }
  std::vector<DicomBuilder> items;
  for (const auto & frame : frames)
  {
    const auto point = grid.PointAt(0, 0, static_cast<double>(frame.slice));
    const Vector3 position{point[0], point[1], point[2]};
    DicomBuilder item;
    if (const auto * const instance = InstanceAt(source, position, Cross(row, down)))
    {
      item.Sequence(0x00089124, {DerivationItem(*instance)});
    }
    DicomBuilder content;
    const auto place =
        static_cast<std::uint32_t>(std::distance(slices.begin(), slices.find(frame.slice)) + 1);
    content.LongWords(0x00209157, {static_cast<std::uint32_t>(frame.segment + 1), place});
    item.Sequence(dicom::FrameContentSequence, {content});
    DicomBuilder plane;
    plane.Decimals(dicom::ImagePosition, {position[0], position[1], position[2]});
    item.Sequence(dicom::PlanePositionSequence, {plane});
    DicomBuilder identification;
    identification.Words(dicom::ReferencedSegmentNumber,
                         {static_cast<std::uint16_t>(frame.segment + 1)});
    item.Sequence(dicom::SegmentIdentificationSequence, {identification});
    items.push_back(std::move(item));
  }
  data.Sequence(dicom::PerFrameFunctionalGroups, items);
}

void
AddDimensions(DicomBuilder & data, const std::string & seed)
{
  const auto organization = UidFromText(seed + " dimensions");
  DicomBuilder uid;
  uid.Text(0x00209164, "UI", organization);
  data.Sequence(0x00209221, {uid});
  const auto index = [&](DicomTag pointer, DicomTag group, const char * label)
  {
    DicomBuilder item;
    item.Text(0x00209164, "UI", organization);
    item.Tag(0x00209165, pointer);
    item.Tag(0x00209167, group);
    item.Text(0x00209421, "LO", label);
    return item;
  };
  data.Sequence(
      0x00209222,
      {index(dicom::ReferencedSegmentNumber,
             dicom::SegmentIdentificationSequence,
             "ReferencedSegmentNumber"),
       index(dicom::ImagePosition, dicom::PlanePositionSequence, "ImagePositionPatient")});
}

void
AddReferencedSeries(DicomBuilder & data, const SourceSeries & source)
{
  std::vector<DicomBuilder> instances;
  std::set<std::string> seen;
  for (const auto & instance : source.instances)
  {
    if (seen.insert(instance.sopInstance).second)
    {
      instances.push_back(ReferenceItem(instance));
    }
  }
  DicomBuilder series;
  series.Sequence(0x0008114A, instances);
  series.Text(dicom::SeriesInstanceUid, "UI", source.series);
  data.Sequence(0x00081115, {series});
}

void
AddIdentity(DicomBuilder & data, const SourceSeries & source, bool deidentified)
{
  for (const auto & [tag, representation] : InheritedAttributes())
  {
    const auto found = source.attributes.find(tag);
    if (tag == 0x00080005 && (found == source.attributes.end() || found->second.empty()))
    {
      continue;
    }
    data.Text(tag, representation, found == source.attributes.end() ? "" : found->second);
  }
  data.Text(dicom::StudyInstanceUid, "UI", source.study);
  data.Text(dicom::FrameOfReferenceUid, "UI", source.frameOfReference);
  data.Text(0x00201040, "LO", "");
  if (deidentified)
  {
    data.Text(dicom::PatientName, "PN", "Removed");
    data.Text(dicom::PatientId, "LO", "Removed");
    data.Text(0x00120062, "CS", "YES");
    data.Text(0x00120063, "LO", "PS3.15 Annex E basic profile");
    data.Sequence(0x00120064,
                  {CodeItem("DCM", "113100", "Basic Application Confidentiality Profile")});
  }
}

void
AddDescription(DicomBuilder & data,
               const SourceSeries & source,
               const SegmentationInfo & info,
               const std::string & seed,
               bool deidentified)
{
  const auto attribute = [&](DicomTag tag, const char * fallback)
  {
    const auto found = source.attributes.find(tag);
    return deidentified || found == source.attributes.end() || found->second.empty()
               ? fallback
               : found->second;
  };
  data.Text(dicom::SopClassUid, "UI", SegmentationStorage);
  data.Text(dicom::SopInstanceUid, "UI", UidFromText(seed + " instance"));
  data.Text(dicom::SeriesInstanceUid, "UI", UidFromText(seed + " series"));
  data.Text(dicom::ImageType, "CS", "DERIVED\\PRIMARY");
  data.Text(dicom::Modality, "CS", "SEG");
  data.Text(dicom::Manufacturer, "LO", "Sulcus");
  data.Text(0x00081090, "LO", "Sulcus");
  data.Text(0x00181000, "LO", "0");
  data.Text(0x00181020, "LO", "0.1");
  data.Text(dicom::SeriesDescription, "LO", info.seriesDescription.substr(0, 64));
  data.Text(dicom::SeriesNumber, "IS", "300");
  data.Text(dicom::InstanceNumber, "IS", "1");
  data.Text(0x00080023,
            "DA",
            attribute(dicom::StudyDate, "19000101")); // of the study: no clock in outputs
  data.Text(0x00080033, "TM", attribute(dicom::StudyTime, "000000"));
  data.Text(0x00700080, "CS", info.contentLabel.substr(0, 16));
  data.Text(0x00700081, "LO", info.seriesDescription.substr(0, 64));
  data.Text(0x00700084, "PN", deidentified ? "" : info.contentCreator);
}

void
AddPixels(DicomBuilder & data, const ImageGrid & grid, std::size_t frameCount, Bytes packed)
{
  data.Words(dicom::SamplesPerPixel, {1});
  data.Text(0x00280004, "CS", "MONOCHROME2");
  data.Text(dicom::NumberOfFrames, "IS", Message(frameCount));
  data.Words(dicom::Rows, {static_cast<std::uint16_t>(grid.size[1])});
  data.Words(dicom::Columns, {static_cast<std::uint16_t>(grid.size[0])});
  data.Words(dicom::BitsAllocated, {1});
  data.Words(dicom::BitsStored, {1});
  data.Words(dicom::HighBit, {0});
  data.Words(dicom::PixelRepresentation, {0});
  data.Text(0x00282110, "CS", "00");
  data.Text(dicom::SegmentationType, "CS", "BINARY");
  data.Raw(dicom::PixelData, "OB", std::move(packed));
}

/** Decodes what is about to be written and compares voxel by voxel with what was meant. */
void
RequireSameVoxels(const Bytes & file,
                  const LabelImage * labels,
                  const std::vector<SegmentInfo> & segments,
                  const std::vector<SegmentFrame> & frames,
                  const std::string & path)
{
  const DicomFile parsed(file, path);
  const DicomPixels pixels(parsed);
  std::vector<double> plane;
  for (std::size_t number = 0; number < frames.size(); ++number)
  {
    pixels.Copy(static_cast<std::uint32_t>(number), plane);
    const auto mask =
        MaskOf(labels, segments[frames[number].segment].labelValue, frames[number].slice);
    for (std::size_t i = 0; i < plane.size(); ++i)
    {
      if ((plane[i] != 0.0) != (mask[i] != std::byte{0}))
      {
        throw OutputError(Message(path, ": the encoded segmentation differs from the label map"));
      }
    }
  }
}

} // namespace

std::string
WriteDicomSegmentation(const std::string & path,
                       const LabelImage * labels,
                       const SegmentationInfo & info,
                       const std::string & sourcePath,
                       const DicomWriteOptions & options)
{
  const auto grid = GridOf(labels);
  if (grid.size[0] > 65535 || grid.size[1] > 65535)
  {
    throw UsageError(Message(path, ": DICOM allows at most 65535 rows and columns"));
  }
  auto source = ReadSource(sourcePath, options.sourceSeries);
  if (options.deidentify)
  {
    Deidentify(source, options.secret);
  }
  const auto segments = SegmentsToWrite(labels, info);
  Bytes packed;
  const auto frames = PackFrames(labels, segments, packed);
  const auto seed = source.series + " " + Sha256OfBytes(packed) + " " +
                    ToSegmentationJson({.segments = segments}) + ToText(grid);
  DicomBuilder data;
  AddIdentity(data, source, options.deidentify);
  AddDescription(data, source, info, seed, options.deidentify);
  AddReferencedSeries(data, source);
  AddDimensions(data, seed);
  data.Sequence(dicom::SegmentSequence, SegmentItems(segments));
  AddFunctionalGroups(data, grid, frames, source);
  AddPixels(data, grid, frames.size(), std::move(packed));
  const auto file = data.EncodeFile(SegmentationStorage, UidFromText(seed + " instance"));
  RequireSameVoxels(file, labels, segments, frames, path);
  return AtomicWriteBytes(path, file, options.overwrite ? Overwrite::Allow : Overwrite::Refuse);
}

} // namespace sulcus
