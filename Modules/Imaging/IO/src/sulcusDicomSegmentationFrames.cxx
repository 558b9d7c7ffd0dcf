#include "sulcusDicomSegmentationFrames.h"

#include "sulcusDicomFrames.h"
#include <sulcusDicomBuilder.h>
#include <sulcusError.h>

#include <algorithm>
#include <map>

namespace sulcus
{

namespace
{

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

} // namespace

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

} // namespace sulcus
