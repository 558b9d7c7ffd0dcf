#include "sulcusDicomFrames.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace sulcus
{

namespace
{

constexpr double UnitLengthTolerance = 1e-3;

std::uint16_t
RequireWord(const DicomFile & file, DicomTag tag, const char * name)
{
  const auto value = file.Data().Word(tag);
  if (!value)
  {
    throw InputError(Message(file.Path(), ": has no ", name, " ", ToText(tag)));
  }
  return *value;
}

/** One number, nothing where the attribute is absent or empty. \throws InputError where it is
 * anything else: a slope that cannot be read must not become 1. */
std::optional<double>
OneNumber(const DicomDataset & data, DicomTag tag, const char * name, const std::string & path)
{
  if (data.Text(tag).empty())
  {
    return std::nullopt;
  }
  const auto values = data.Decimals(tag);
  if (values.size() != 1)
  {
    throw InputError(
        Message(path, ": ", name, " ", ToText(tag), " is '", data.Text(tag), "', not one number"));
  }
  return values.front();
}

/** Looks an attribute up where it may be: per frame, shared, or at the top of a classic file. */
class FrameContext
{
public:
  FrameContext(const DicomFile & file, const DicomDataset * perFrame, const DicomDataset * shared)
      : m_File(file), m_PerFrame(perFrame), m_Shared(shared)
  {
  }

  /** The item of a functional group, or the top level where the file has no functional groups. */
  const DicomDataset *
  Group(DicomTag sequence) const
  {
    if (m_PerFrame == nullptr && m_Shared == nullptr)
    {
      return &m_File.Data();
    }
    for (const auto * const groups : {m_PerFrame, m_Shared})
    {
      const auto * const item = groups == nullptr ? nullptr : groups->Item(sequence);
      if (item != nullptr)
      {
        return item;
      }
    }
    return nullptr;
  }

  const DicomDataset &
  Top() const
  {
    return m_File.Data();
  }

  bool
  HasGroups() const
  {
    return m_PerFrame != nullptr || m_Shared != nullptr;
  }

private:
  const DicomFile & m_File;
  const DicomDataset * m_PerFrame;
  const DicomDataset * m_Shared;
};

std::vector<double>
RequireDecimals(const DicomDataset * group,
                DicomTag tag,
                std::size_t count,
                const char * name,
                const std::string & path)
{
  const auto values = group == nullptr ? std::vector<double>() : group->Decimals(tag);
  if (values.size() != count)
  {
    throw GeometryError(
        Message(path, ": a frame has no ", name, " ", ToText(tag), ", so its place is unknown"));
  }
  return values;
}

void
SetGeometry(const FrameContext & context, DicomFrame & frame, const std::string & path)
{
  const auto position = RequireDecimals(
      context.Group(dicom::PlanePositionSequence), dicom::ImagePosition, 3, "position", path);
  const auto orientation = RequireDecimals(context.Group(dicom::PlaneOrientationSequence),
                                           dicom::ImageOrientation,
                                           6,
                                           "orientation",
                                           path);
  const auto * const measures = context.Group(dicom::PixelMeasuresSequence);
  const auto spacing = RequireDecimals(measures, dicom::PixelSpacing, 2, "pixel spacing", path);
  std::copy_n(position.begin(), 3, frame.position.begin());
  std::copy_n(orientation.begin(), 3, frame.rowDirection.begin());
  std::copy_n(orientation.begin() + 3, 3, frame.columnDirection.begin());
  frame.rowSpacing = spacing[0];
  frame.columnSpacing = spacing[1];
  frame.thickness =
      OneNumber(*measures, dicom::SliceThickness, "Slice Thickness", path).value_or(0.0);
  frame.sliceSpacing =
      std::abs(OneNumber(*measures, dicom::SpacingBetweenSlices, "Spacing Between Slices", path)
                   .value_or(0.0));
  for (const auto & direction : {frame.rowDirection, frame.columnDirection})
  {
    if (!(std::abs(std::sqrt(Dot(direction, direction)) - 1.0) <= UnitLengthTolerance))
    {
      throw GeometryError(
          Message(path, ": an orientation vector of a frame is not of unit length"));
    }
  }
  if (!(frame.rowSpacing > 0.0 && frame.columnSpacing > 0.0))
  {
    throw GeometryError(Message(path, ": pixel spacing is not above 0"));
  }
}

void
SetScaling(const FrameContext & context, DicomFrame & frame, const std::string & path)
{
  const auto * const group = context.Group(dicom::PixelValueTransformationSequence);
  if (group == nullptr)
  {
    return;
  }
  const auto slope = OneNumber(*group, dicom::RescaleSlope, "Rescale Slope", path);
  frame.slope = slope.value_or(1.0);
  frame.intercept =
      OneNumber(*group, dicom::RescaleIntercept, "Rescale Intercept", path).value_or(0.0);
  if (slope && *slope == 0.0)
  {
    throw InputError(Message(path, ": rescale slope is 0"));
  }
}

std::string
TextOf(const std::optional<double> & value)
{
  return value ? Message(*value) : std::string();
}

void
SetKeys(const FrameContext & context, DicomFrame & frame)
{
  const auto & top = context.Top();
  frame.acquisition = top.Text(dicom::AcquisitionNumber);
  frame.trigger = top.Text(dicom::TriggerTime);
  frame.frameType = top.Text(dicom::ImageType);
  if (!context.HasGroups())
  {
    frame.echo = top.Text(dicom::EchoTime);
    frame.diffusion = TextOf(top.Double(dicom::DiffusionBValue));
    frame.temporal = top.Text(dicom::TemporalPosition);
    return;
  }
  if (const auto * const echo = context.Group(dicom::MrEchoSequence))
  {
    frame.echo = TextOf(echo->Double(dicom::EffectiveEchoTime));
  }
  if (const auto * const diffusion = context.Group(dicom::MrDiffusionSequence))
  {
    frame.diffusion = TextOf(diffusion->Double(dicom::DiffusionBValue));
    if (const auto * const gradient = diffusion->Item(dicom::DiffusionGradientSequence))
    {
      if (const auto * const element = gradient->Find(dicom::DiffusionGradient))
      {
        frame.diffusion += " ";
        for (const auto byte : element->value)
        {
          frame.diffusion += Message(static_cast<int>(byte), ".");
        }
      }
    }
  }
  if (const auto * const content = context.Group(dicom::FrameContentSequence))
  {
    const auto index = content->LongWords(dicom::TemporalPositionIndex);
    frame.temporal = index.empty() ? "" : Message(index.front());
    frame.stack = content->Text(0x00209056);
    frame.trigger = TextOf(content->Double(0x00209153));
    frame.acquisition.clear();
  }
  if (const auto * const type = context.Group(0x00189226))
  {
    frame.frameType = type->Text(0x00089007);
  }
}

void
SetSegments(const FrameContext & context, DicomFrame & frame)
{
  const auto * const group = context.Group(dicom::SegmentIdentificationSequence);
  if (group != nullptr)
  {
    if (const auto number = group->Word(dicom::ReferencedSegmentNumber))
    {
      frame.segments.push_back(*number);
    }
  }
}

} // namespace

double
Dot(const Vector3 & a, const Vector3 & b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

Vector3
Cross(const Vector3 & a, const Vector3 & b)
{
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

DicomPixelFormat
PixelFormatOf(const DicomFile & file)
{
  const auto & data = file.Data();
  DicomPixelFormat format;
  format.rows = RequireWord(file, dicom::Rows, "Rows");
  format.columns = RequireWord(file, dicom::Columns, "Columns");
  format.bitsAllocated = RequireWord(file, dicom::BitsAllocated, "Bits Allocated");
  format.bitsStored = data.Word(dicom::BitsStored).value_or(format.bitsAllocated);
  format.highBit =
      data.Word(dicom::HighBit)
          .value_or(static_cast<std::uint16_t>(format.bitsStored == 0 ? 0 : format.bitsStored - 1));
  const auto representation = data.Word(dicom::PixelRepresentation).value_or(0);
  format.isSigned = representation == 1;
  const auto frames =
      OneNumber(data, dicom::NumberOfFrames, "Number of Frames", file.Path()).value_or(1.0);
  if (!(frames >= 1.0 && frames <= 1e6 && frames == std::floor(frames)))
  {
    throw InputError(Message(file.Path(), ": Number of Frames is ", frames));
  }
  format.frames = static_cast<std::uint32_t>(frames);
  const auto samples = data.Word(dicom::SamplesPerPixel).value_or(1);
  if (samples != 1)
  {
    throw InputError(
        Message(file.Path(), ": colour images are not supported (", samples, " samples a pixel)"));
  }
  const auto bits = format.bitsAllocated;
  if (format.rows == 0 || format.columns == 0 ||
      (bits != 1 && bits != 8 && bits != 16 && bits != 32) || format.bitsStored < 1 ||
      representation > 1 || format.bitsStored > bits || format.highBit >= bits ||
      format.highBit + 1 < format.bitsStored)
  {
    throw InputError(Message(file.Path(),
                             ": impossible pixel layout (",
                             format.rows,
                             " rows, ",
                             format.columns,
                             " columns, ",
                             bits,
                             " bits allocated, ",
                             format.bitsStored,
                             " stored, high bit ",
                             format.highBit,
                             ")"));
  }
  return format;
}

std::vector<DicomFrame>
FramesOf(const DicomFile & file, std::size_t fileNumber)
{
  const auto format = PixelFormatOf(file);
  const auto & perFrame = file.Data().Items(dicom::PerFrameFunctionalGroups);
  const auto * const shared = file.Data().Item(dicom::SharedFunctionalGroups);
  if (!perFrame.empty() && perFrame.size() != format.frames)
  {
    throw InputError(Message(
        file.Path(), ": describes ", perFrame.size(), " frames but announces ", format.frames));
  }
  if (perFrame.empty() && format.frames > 1)
  {
    throw GeometryError(
        Message(file.Path(), ": has ", format.frames, " frames without a place for each"));
  }
  if (file.Data().Text(dicom::ImageType).find("MOSAIC") != std::string::npos)
  {
    throw GeometryError(Message(file.Path(), ": is a mosaic of slices, which is not supported"));
  }
  std::vector<DicomFrame> frames(format.frames);
  for (std::uint32_t number = 0; number < format.frames; ++number)
  {
    auto & frame = frames[number];
    frame.file = fileNumber;
    frame.frame = number;
    const FrameContext context(file, perFrame.empty() ? nullptr : &perFrame[number], shared);
    SetGeometry(context, frame, file.Path());
    SetScaling(context, frame, file.Path());
    SetKeys(context, frame);
    SetSegments(context, frame);
  }
  return frames;
}

} // namespace sulcus
