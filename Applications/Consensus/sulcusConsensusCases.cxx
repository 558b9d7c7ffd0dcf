#include "sulcusConsensusCases.h"

#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusLog.h>
#include <sulcusSafeRead.h>
#include <sulcusTable.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;
const std::string annotatorPrefix = "annotator_";

/** File name without its folder and endings. */
std::string
StemOf(const std::string & path)
{
  auto name = fs::path(path).filename().string();
  for (const char * ending : {".gz", ".nii", ".nrrd", ".seg", ".mha", ".mgz"})
  {
    if (name.ends_with(ending))
    {
      name.resize(name.size() - std::string(ending).size());
    }
  }
  return name;
}

std::vector<ConsensusCase>
CasesOfFiles(const std::vector<std::string> & files,
             const std::string & image,
             const std::string & caseName)
{
  std::vector<std::uint64_t> volumes;
  for (const auto & file : files)
  {
    ReadOptions options;
    options.volume = 0;
    volumes.push_back(ReadHeader(file, options).header.volumes);
  }
  const auto stacks = std::count_if(volumes.begin(), volumes.end(), [](auto n) { return n > 1; });
  std::vector<ConsensusCase> cases;
  if (stacks == 0 && files.size() > 1)
  {
    ConsensusCase one{caseName, {}, image, {}};
    for (const auto & file : files)
    {
      one.annotations.push_back({StemOf(file), file, std::nullopt});
    }
    return {one};
  }
  for (std::size_t i = 0; i < files.size(); ++i)
  {
    if (volumes[i] < 2)
    {
      throw UsageError(
          Message(files[i],
                  ": one volume; give one 3-D file an annotator, or 4-D files with one volume an "
                  "annotator (",
                  stacks,
                  " of ",
                  files.size(),
                  " files are 4-D)"));
    }
    ConsensusCase one{StemOf(files[i]), {}, files.size() == 1 ? image : "", {}};
    for (std::uint64_t v = 0; v < volumes[i]; ++v)
    {
      one.annotations.push_back({Message("annotator_", v + 1), files[i], v});
    }
    cases.push_back(one);
  }
  if (!image.empty() && cases.size() > 1)
  {
    throw UsageError("an image can be given for a single case only; use a manifest for several");
  }
  return cases;
}

std::vector<ConsensusCase>
CasesOfManifest(const std::string & manifest)
{
  const auto table = ReadTsv(manifest, CellTyping::Texts);
  const auto folder = fs::path(manifest).parent_path();
  std::vector<ConsensusCase> cases;
  std::string imageColumn;
  for (const auto & column : table.Columns())
  {
    imageColumn = imageColumn.empty() && (column == "image" || column.starts_with("image_"))
                      ? column
                      : imageColumn;
  }
  for (std::size_t row = 0; row < table.RowCount(); ++row)
  {
    const auto text = [&](const std::string & column)
    {
      return table.HasColumn(column) && !IsMissing(table.At(row, column))
                 ? ToText(table.At(row, column))
                 : std::string();
    };
    const auto path = [&](const std::string & column)
    {
      const auto value = text(column);
      return value.empty() ? value : (folder / value).string();
    };
    ConsensusCase one{
        text("case"), text("subject"), imageColumn.empty() ? "" : path(imageColumn), {}};
    for (const auto & column : table.Columns())
    {
      if (column.starts_with(annotatorPrefix) && !text(column).empty())
      {
        one.annotations.push_back(
            {column.substr(annotatorPrefix.size()), path(column), std::nullopt});
      }
    }
    if (one.annotations.empty())
    {
      LogWarning(Message("case '", one.id, "' has no annotators and is left out"));
      continue;
    }
    cases.push_back(one);
  }
  if (cases.empty())
  {
    throw UsageError(Message(manifest, ": no case with a column annotator_<name>"));
  }
  return cases;
}

/** The map on another grid: the label of the voxel whose cell holds the centre; outside the map
 * nothing was annotated. */
LabelImage::Pointer
OntoGrid(const LabelImage * map, const LabelImage * reference)
{
  const auto grid = GridOf(reference);
  auto moved = NewImage<LabelImage>(grid, UnobservedValue);
  for (std::size_t p = 0; p < grid.VoxelCount(); ++p)
  {
    const auto point = grid.PointAt(double(p % grid.size[0]),
                                    double(p / grid.size[0] % grid.size[1]),
                                    double(p / grid.size[0] / grid.size[1]));
    LabelImage::IndexType index;
    if (map->TransformPhysicalPointToIndex(point, index))
    {
      moved->GetBufferPointer()[p] = map->GetPixel(index);
    }
  }
  return moved;
}

} // namespace

std::vector<ConsensusCase>
ListCases(const std::vector<std::string> & annotations,
          const std::string & image,
          const std::string & manifest,
          const std::string & caseName)
{
  if (annotations.empty() == manifest.empty())
  {
    throw UsageError("give either annotation files or a manifest");
  }
  auto cases =
      manifest.empty() ? CasesOfFiles(annotations, image, caseName) : CasesOfManifest(manifest);
  std::set<std::string> names;
  for (const auto & one : cases)
  {
    if (one.id.empty() || one.id.find('/') != std::string::npos || !names.insert(one.id).second)
    {
      throw UsageError(Message("case '", one.id, "': names must be given, unique and free of '/'"));
    }
  }
  return cases;
}

LoadedCase
LoadCase(const ConsensusCase & source, int missingValue, bool resample)
{
  LoadedCase loaded;
  for (const auto & annotation : source.annotations)
  {
    ReadOptions options;
    options.volume = annotation.volume;
    auto map = ReadLabels(annotation.path, options).image;
    auto * buffer = map->GetBufferPointer();
    const auto count = map->GetBufferedRegion().GetNumberOfPixels();
    if (missingValue != UnobservedValue &&
        std::find(buffer, buffer + count, UnobservedValue) != buffer + count)
    {
      throw InputError(
          Message(annotation.path, ": label 65535 is reserved for voxels that were not annotated"));
    }
    if (missingValue >= 0)
    {
      std::replace(
          buffer, buffer + count, static_cast<std::uint16_t>(missingValue), UnobservedValue);
    }
    if (!loaded.maps.empty() && resample &&
        !SameGrid(GridOf(loaded.maps.front().GetPointer()), GridOf(map.GetPointer())))
    {
      LogWarning(Message(annotation.path, ": resampled onto the grid of the first annotation"));
      map = OntoGrid(map, loaded.maps.front());
    }
    if (!loaded.maps.empty())
    {
      RequireSameGrid(loaded.maps.front().GetPointer(),
                      map.GetPointer(),
                      source.annotations.front().path,
                      annotation.path);
    }
    loaded.maps.push_back(map);
  }
  if (!source.image.empty())
  {
    loaded.image = ReadImage(source.image).image;
    RequireSameGrid(loaded.maps.front().GetPointer(),
                    loaded.image.GetPointer(),
                    source.annotations.front().path,
                    source.image);
  }
  return loaded;
}

} // namespace sulcus
