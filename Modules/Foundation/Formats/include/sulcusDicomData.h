#pragma once

#include "sulcusByteSource.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sulcus
{

/** Group and element as one number: 0x00280010 is (0028,0010). */
using DicomTag = std::uint32_t;

/** "(0028,0010)" */
std::string
ToText(DicomTag tag);

class DicomDataset;

/** One data element; the bytes belong to the file it was parsed from. */
struct DicomElement
{
  std::array<char, 2> representation{'U', 'N'};
  ByteView value;
  std::vector<DicomDataset> items; ///< of a sequence
  std::vector<ByteView> fragments; ///< of encapsulated pixel data, offset table first
  bool encapsulated = false;
};

/** The elements of a file or of a sequence item. Lookups of absent elements give nothing; present
 * but malformed values count as absent, so a caller states once what it cannot do without. */
class DicomDataset
{
public:
  const DicomElement *
  Find(DicomTag tag) const;

  /** Text without padding; of several values the whole, backslashes included. Empty if absent. */
  std::string
  Text(DicomTag tag) const;

  std::vector<std::string>
  Texts(DicomTag tag) const;

  /** Decimal and integer strings. */
  std::vector<double>
  Decimals(DicomTag tag) const;
  std::optional<double>
  Decimal(DicomTag tag) const;

  /** Binary doubles and floats (FD, FL), told apart by the length of the value. */
  std::optional<double>
  Double(DicomTag tag) const;

  std::optional<std::uint16_t>
  Word(DicomTag tag) const;
  std::vector<std::uint32_t>
  LongWords(DicomTag tag) const;

  /** Items of a sequence; empty if absent. */
  const std::vector<DicomDataset> &
  Items(DicomTag tag) const;

  /** First item of a sequence, or nullptr. */
  const DicomDataset *
  Item(DicomTag tag) const;

  const std::map<DicomTag, DicomElement> &
  All() const
  {
    return m_Elements;
  }

  /** \returns false, and changes nothing, if there is such an element already */
  bool
  Add(DicomTag tag, DicomElement element, bool bigEndian);

private:
  std::map<DicomTag, DicomElement> m_Elements;
  bool m_BigEndian = false;
};

/** A parsed file: group 2, the data set and the bytes they point into. */
class DicomFile
{
public:
  /** Explicit and implicit little endian, explicit big endian, deflated; pixel data may be
   * encapsulated. Files without the 128-byte preamble are recognised by their first element.
   * Nesting is limited to 16 and the number of elements to 2^22; every length is checked against
   * what is left. \throws InputError with `path` in front */
  DicomFile(Bytes bytes, std::string path);
  DicomFile(DicomFile &&) = default;
  DicomFile &
  operator=(DicomFile &&) = default;

  const DicomDataset &
  Data() const
  {
    return m_Data;
  }
  const std::string &
  TransferSyntax() const
  {
    return m_TransferSyntax;
  }
  const std::string &
  Path() const
  {
    return m_Path;
  }
  bool
  BigEndian() const;

private:
  std::string m_Path;
  Bytes m_Bytes;
  DicomDataset m_Data;
  std::string m_TransferSyntax;
};

/** Whether the start of a file looks like DICOM: "DICM" at 128, or a plausible first element of
 * group 8. */
bool
LooksLikeDicom(ByteView start);

namespace dicom
{
inline constexpr DicomTag TransferSyntaxUid = 0x00020010;
inline constexpr DicomTag SpecificCharacterSet = 0x00080005;
inline constexpr DicomTag ImageType = 0x00080008;
inline constexpr DicomTag SopClassUid = 0x00080016;
inline constexpr DicomTag SopInstanceUid = 0x00080018;
inline constexpr DicomTag StudyDate = 0x00080020;
inline constexpr DicomTag Modality = 0x00080060;
inline constexpr DicomTag Manufacturer = 0x00080070;
inline constexpr DicomTag StudyTime = 0x00080030;
inline constexpr DicomTag AccessionNumber = 0x00080050;
inline constexpr DicomTag ReferringPhysician = 0x00080090;
inline constexpr DicomTag StudyDescription = 0x00081030;
inline constexpr DicomTag SeriesDescription = 0x0008103E;
inline constexpr DicomTag PatientName = 0x00100010;
inline constexpr DicomTag PatientId = 0x00100020;
inline constexpr DicomTag PatientBirthDate = 0x00100030;
inline constexpr DicomTag PatientSex = 0x00100040;
inline constexpr DicomTag SliceThickness = 0x00180050;
inline constexpr DicomTag EchoTime = 0x00180081;
inline constexpr DicomTag SpacingBetweenSlices = 0x00180088;
inline constexpr DicomTag TriggerTime = 0x00181060;
inline constexpr DicomTag EffectiveEchoTime = 0x00189082;
inline constexpr DicomTag DiffusionBValue = 0x00189087;
inline constexpr DicomTag MrEchoSequence = 0x00189114;
inline constexpr DicomTag MrDiffusionSequence = 0x00189117;
inline constexpr DicomTag DiffusionGradientSequence = 0x00189076;
inline constexpr DicomTag DiffusionGradient = 0x00189089;
inline constexpr DicomTag StudyInstanceUid = 0x0020000D;
inline constexpr DicomTag SeriesInstanceUid = 0x0020000E;
inline constexpr DicomTag StudyId = 0x00200010;
inline constexpr DicomTag SeriesNumber = 0x00200011;
inline constexpr DicomTag AcquisitionNumber = 0x00200012;
inline constexpr DicomTag InstanceNumber = 0x00200013;
inline constexpr DicomTag ImagePosition = 0x00200032;
inline constexpr DicomTag ImageOrientation = 0x00200037;
inline constexpr DicomTag FrameOfReferenceUid = 0x00200052;
inline constexpr DicomTag TemporalPosition = 0x00200100;
inline constexpr DicomTag FrameContentSequence = 0x00209111;
inline constexpr DicomTag PlanePositionSequence = 0x00209113;
inline constexpr DicomTag PlaneOrientationSequence = 0x00209116;
inline constexpr DicomTag TemporalPositionIndex = 0x00209128;
inline constexpr DicomTag SamplesPerPixel = 0x00280002;
inline constexpr DicomTag NumberOfFrames = 0x00280008;
inline constexpr DicomTag Rows = 0x00280010;
inline constexpr DicomTag Columns = 0x00280011;
inline constexpr DicomTag PixelSpacing = 0x00280030;
inline constexpr DicomTag BitsAllocated = 0x00280100;
inline constexpr DicomTag BitsStored = 0x00280101;
inline constexpr DicomTag HighBit = 0x00280102;
inline constexpr DicomTag PixelRepresentation = 0x00280103;
inline constexpr DicomTag BurnedInAnnotation = 0x00280301;
inline constexpr DicomTag RescaleIntercept = 0x00281052;
inline constexpr DicomTag RescaleSlope = 0x00281053;
inline constexpr DicomTag PixelMeasuresSequence = 0x00289110;
inline constexpr DicomTag PixelValueTransformationSequence = 0x00289145;
inline constexpr DicomTag SegmentationType = 0x00620001;
inline constexpr DicomTag SegmentSequence = 0x00620002;
inline constexpr DicomTag SegmentedPropertyCategory = 0x00620003;
inline constexpr DicomTag SegmentNumber = 0x00620004;
inline constexpr DicomTag SegmentLabel = 0x00620005;
inline constexpr DicomTag SegmentDescription = 0x00620006;
inline constexpr DicomTag SegmentAlgorithmType = 0x00620008;
inline constexpr DicomTag SegmentAlgorithmName = 0x00620009;
inline constexpr DicomTag SegmentIdentificationSequence = 0x0062000A;
inline constexpr DicomTag ReferencedSegmentNumber = 0x0062000B;
inline constexpr DicomTag RecommendedDisplayCielab = 0x0062000D;
inline constexpr DicomTag MaximumFractionalValue = 0x0062000E;
inline constexpr DicomTag SegmentedPropertyType = 0x0062000F;
inline constexpr DicomTag StructureSetRoiSequence = 0x30060020;
inline constexpr DicomTag RoiNumber = 0x30060022;
inline constexpr DicomTag RoiName = 0x30060026;
inline constexpr DicomTag RoiDisplayColor = 0x3006002A;
inline constexpr DicomTag RoiContourSequence = 0x30060039;
inline constexpr DicomTag ContourSequence = 0x30060040;
inline constexpr DicomTag ContourGeometricType = 0x30060042;
inline constexpr DicomTag ContourData = 0x30060050;
inline constexpr DicomTag ReferencedRoiNumber = 0x30060084;
inline constexpr DicomTag SharedFunctionalGroups = 0x52009229;
inline constexpr DicomTag PerFrameFunctionalGroups = 0x52009230;
inline constexpr DicomTag PixelData = 0x7FE00010;
} // namespace dicom

} // namespace sulcus
