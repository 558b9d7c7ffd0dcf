#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** A coded concept as DICOM writes it, e.g. {"SCT", "10200004", "Liver"}. */
struct CodedConcept
{
  std::string scheme;
  std::string value;
  std::string meaning;

  bool
  operator==(const CodedConcept &) const = default;
};

/** What one label value of a segmentation means. */
struct SegmentInfo
{
  std::uint16_t labelValue = 1;
  std::string name;
  std::string description;
  std::array<std::uint8_t, 3> color{128, 174, 128}; ///< RGB
  CodedConcept category{"SCT", "123037004", "Anatomical Structure"};
  CodedConcept type{"SCT", "85756007", "Tissue"};
  std::string algorithmType = "AUTOMATIC"; ///< AUTOMATIC, SEMIAUTOMATIC or MANUAL
  std::string algorithmName = "Sulcus";
  std::uint64_t layer = 0; ///< of a `.seg.nrrd` with overlapping segments
};

/** What a whole segmentation is called, and its segments. */
struct SegmentationInfo
{
  std::string seriesDescription = "Segmentation";
  std::string contentLabel = "SEGMENTATION";
  std::string contentCreator;
  std::vector<SegmentInfo> segments;
};

/** dcmqi's metadata JSON (`segmentAttributes`, one list of segments or several). `origin` is for
 * messages. \throws UsageError for damaged JSON, a missing or repeated label value, a wrong type or
 * colour */
SegmentationInfo
ParseSegmentationJson(const std::string & text, const std::string & origin);

/** The same information as dcmqi's metadata JSON. */
std::string
ToSegmentationJson(const SegmentationInfo & info);

/** Reads 3D Slicer's `SegmentN_…` fields of a `.seg.nrrd`; empty when there are none. \throws
 * InputError */
std::vector<SegmentInfo>
SegmentsFromFields(const std::vector<std::pair<std::string, std::string>> & fields,
                   const std::string & path);

/** The fields 3D Slicer expects in a `.seg.nrrd` of one layer. */
std::vector<std::pair<std::string, std::string>>
FieldsOfSegments(const std::vector<SegmentInfo> & segments,
                 const std::array<std::uint64_t, 3> & size);

/** A plain description for a label value nobody described: "Segment 3", a colour of its own. */
SegmentInfo
DefaultSegment(std::uint16_t labelValue);

} // namespace sulcus
