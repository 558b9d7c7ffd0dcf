#include "sulcusLabelFiles.h"

#include <sulcusDicomRead.h>
#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusLog.h>
#include <sulcusSafeRead.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** The image whose grid a DICOM segmentation is put on; empty: there is none. */
std::string
GridImageOf(const CaseFiles & one, const std::string & path)
{
  if (!one.image.empty())
  {
    return one.image;
  }
  const auto & other = path == one.reference ? one.prediction : one.reference;
  return other.empty() || IsDicomPath(other) ? std::string() : other;
}

/** Segment number → declared value, if every segment is called like a structure of one value. */
std::map<std::uint16_t, std::uint16_t>
ValuesByName(const std::vector<SegmentInfo> & segments, const DeclaredLabels & names)
{
  std::map<std::uint16_t, std::uint16_t> values;
  for (const auto & segment : segments)
  {
    for (const auto & structure : names.structures)
    {
      if (structure.name == segment.name && structure.values.size() == 1)
      {
        values[segment.labelValue] = structure.values.front();
      }
    }
  }
  return values.size() == segments.size() ? values : std::map<std::uint16_t, std::uint16_t>();
}

void
Renumber(LabelImage * labels, const std::map<std::uint16_t, std::uint16_t> & values)
{
  auto * const begin = labels->GetBufferPointer();
  std::transform(begin,
                 begin + labels->GetLargestPossibleRegion().GetNumberOfPixels(),
                 begin,
                 [&](std::uint16_t label)
                 {
                   const auto found = values.find(label);
                   return found == values.end() ? label : found->second;
                 });
}

bool
IsDicomCase(const CaseFiles & one)
{
  return IsDicomPath(one.reference) || IsDicomPath(one.prediction);
}

} // namespace

LabelImage::Pointer
ReadCaseLabels(const CaseFiles & one, const std::string & path, const DeclaredLabels & names)
{
  ReadOptions options;
  const bool isDicom = IsDicomPath(path);
  if (isDicom)
  {
    options.reference = GridImageOf(one, path);
  }
  auto loaded = ReadSegmentation(path, options);
  for (const auto & warning : loaded.warnings)
  {
    LogWarning(path + ": " + warning);
  }
  if (isDicom)
  {
    Renumber(loaded.image, ValuesByName(loaded.info.segments, names));
  }
  return loaded.image;
}

void
RequireSameGrids(const std::vector<CaseFiles> & cases)
{
  for (const auto & one : cases)
  {
    if (one.prediction.empty())
    {
      continue;
    }
    if (!IsDicomCase(one))
    {
      RequireSameGrid(ReadHeader(one.prediction).grid,
                      ReadHeader(one.reference).grid,
                      one.prediction,
                      one.reference);
      continue;
    }
    const auto prediction = GridOf(ReadCaseLabels(one, one.prediction, {}).GetPointer());
    const auto reference = GridOf(ReadCaseLabels(one, one.reference, {}).GetPointer());
    const bool isHopeless =
        one.image.empty() && IsDicomPath(one.reference) && IsDicomPath(one.prediction);
    if (isHopeless && !SameGrid(prediction, reference))
    {
      throw GeometryError(Message(one.prediction,
                                  ": other slices than ",
                                  one.reference,
                                  ": a DICOM SEG holds only slices with something in them; name "
                                  "the image of both with --image"));
    }
    RequireSameGrid(prediction, reference, one.prediction, one.reference);
  }
}

std::string
FindCaseImage(const std::string & images, const std::string & id)
{
  if (!fs::is_directory(images))
  {
    return images;
  }
  if (const auto folder = fs::path(images) / id; fs::is_directory(folder))
  {
    return folder.string();
  }
  const auto file = FindCaseFile(images, "", id);
  return file.empty() ? images : file;
}

} // namespace sulcus
