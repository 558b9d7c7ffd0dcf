#pragma once

#include <sulcusByteSource.h>
#include <sulcusImages.h>
#include <sulcusSegmentInfo.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sulcus
{

/** One bit plane to write. */
struct SegmentFrame
{
  std::size_t segment = 0; ///< counted from 0
  std::uint64_t slice = 0;
};

/** What `info` describes and every other label that occurs, by label value; never empty. */
std::vector<SegmentInfo>
SegmentsToWrite(const LabelImage * labels, const SegmentationInfo & info);

/** Frames with at least one voxel, and all bits packed. An empty result still has one, empty,
 * frame. */
std::vector<SegmentFrame>
PackFrames(const LabelImage * labels, const std::vector<SegmentInfo> & segments, Bytes & packed);

/** Decodes what is about to be written and compares voxel by voxel with what was meant. \throws
 * OutputError */
void
RequireSameVoxels(const Bytes & file,
                  const LabelImage * labels,
                  const std::vector<SegmentInfo> & segments,
                  const std::vector<SegmentFrame> & frames,
                  const std::string & path);

} // namespace sulcus
