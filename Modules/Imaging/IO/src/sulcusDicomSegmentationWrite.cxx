#include "sulcusDicomSegmentationFrames.h"
#include "sulcusDicomSource.h"
#include "sulcusDicomWrite.h"
#include "sulcusLabColor.h"
#include <sulcusAtomicFile.h>
#include <sulcusDicomBuilder.h>
#include <sulcusDicomText.h>
#include <sulcusImageGrid.h>
#include <sulcusSha256.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sulcus
{

namespace
{

constexpr const char * SegmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4";

std::string
CharacterSetOf(const SourceSeries & source)
{
  const auto found = source.attributes.find(dicom::SpecificCharacterSet);
  return found == source.attributes.end() ? std::string() : found->second;
}

/** Texts of the source keep their character set. Where they are all ASCII and ours are not, it is
 * UTF-8. */
void
SettleCharacterSet(SourceSeries & source,
                   const SegmentationInfo & info,
                   const std::vector<SegmentInfo> & segments)
{
  bool isPlain = IsAscii(info.seriesDescription) && IsAscii(info.contentCreator);
  for (const auto & segment : segments)
  {
    isPlain = isPlain && IsAscii(segment.name) && IsAscii(segment.description) &&
              IsAscii(segment.algorithmName) && IsAscii(segment.category.meaning) &&
              IsAscii(segment.type.meaning);
  }
  const bool isFree = std::all_of(source.attributes.begin(),
                                  source.attributes.end(),
                                  [](const auto & a) { return IsAscii(a.second); });
  if (!isPlain && isFree)
  {
    source.attributes[dicom::SpecificCharacterSet] = "ISO_IR 192";
  }
}

std::vector<DicomBuilder>
SegmentItems(const std::vector<SegmentInfo> & segments, const std::string & characterSet)
{
  const auto code = [&](const CodedConcept & term)
  { return CodeItem(term.scheme, term.value, DicomFromUtf8(term.meaning, characterSet)); };
  const auto text = [&](const std::string & utf8, std::size_t length)
  { return DicomFromUtf8(FirstCharacters(utf8, length), characterSet); };
  std::vector<DicomBuilder> items;
  for (std::size_t i = 0; i < segments.size(); ++i)
  {
    const auto & segment = segments[i];
    DicomBuilder item;
    item.Sequence(dicom::SegmentedPropertyCategory, {code(segment.category)});
    item.Words(dicom::SegmentNumber, {static_cast<std::uint16_t>(i + 1)});
    item.Text(dicom::SegmentLabel, "LO", text(segment.name, 64));
    if (!segment.description.empty())
    {
      item.Text(dicom::SegmentDescription, "ST", text(segment.description, 1024));
    }
    item.Text(dicom::SegmentAlgorithmType, "CS", segment.algorithmType);
    if (segment.algorithmType != "MANUAL")
    {
      item.Text(dicom::SegmentAlgorithmName, "LO", text(segment.algorithmName, 64));
    }
    const auto lab = DicomLabFromRgb(segment.color);
    item.Words(dicom::RecommendedDisplayCielab, {lab[0], lab[1], lab[2]});
    item.Sequence(dicom::SegmentedPropertyType, {code(segment.type)});
    items.push_back(std::move(item));
  }
  return items;
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
    if (tag == dicom::SpecificCharacterSet &&
        (found == source.attributes.end() || found->second.empty()))
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
  const auto description =
      DicomFromUtf8(FirstCharacters(info.seriesDescription, 64), CharacterSetOf(source));
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
  data.Text(dicom::SeriesDescription, "LO", description);
  data.Text(dicom::SeriesNumber, "IS", "300");
  data.Text(dicom::InstanceNumber, "IS", "1");
  data.Text(0x00080023,
            "DA",
            attribute(dicom::StudyDate, "19000101")); // of the study: no clock in outputs
  data.Text(0x00080033, "TM", attribute(dicom::StudyTime, "000000"));
  data.Text(0x00700080, "CS", info.contentLabel.substr(0, 16));
  data.Text(0x00700081, "LO", description);
  data.Text(0x00700084,
            "PN",
            deidentified ? "" : DicomFromUtf8(info.contentCreator, CharacterSetOf(source)));
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
  auto source = ReadSource(sourcePath, options);
  if (options.deidentify)
  {
    Deidentify(source, options.secret);
  }
  const auto segments = SegmentsToWrite(labels, info);
  Bytes packed;
  const auto frames = PackFrames(labels, segments, packed);
  const auto seed = source.series + " " + Sha256OfBytes(packed) + " " +
                    ToSegmentationJson({.segments = segments}) + ToText(grid);
  SettleCharacterSet(source, info, segments);
  DicomBuilder data;
  AddIdentity(data, source, options.deidentify);
  AddDescription(data, source, info, seed, options.deidentify);
  AddReferencedSeries(data, source);
  AddDimensions(data, seed);
  data.Sequence(dicom::SegmentSequence, SegmentItems(segments, CharacterSetOf(source)));
  AddFunctionalGroups(data, grid, frames, source);
  AddPixels(data, grid, frames.size(), std::move(packed));
  const auto file = data.EncodeFile(SegmentationStorage, UidFromText(seed + " instance"));
  RequireSameVoxels(file, labels, segments, frames, path);
  return AtomicWriteBytes(path, file, options.overwrite ? Overwrite::Allow : Overwrite::Refuse);
}

} // namespace sulcus
