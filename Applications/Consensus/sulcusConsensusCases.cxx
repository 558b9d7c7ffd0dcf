#include "sulcusConsensusCases.h"

#include <sulcusDeclaredLabels.h>
#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusImageName.h>
#include <sulcusLabelResampleImageFilter.h>
#include <sulcusLog.h>
#include <sulcusManifestTable.h>
#include <sulcusSafeRead.h>

#include <algorithm>
#include <filesystem>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;
const std::string annotatorPrefix = "annotator_";

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
    ConsensusCase one{caseName, image, {}, {}};
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
    ConsensusCase one{StemOf(files[i]), files.size() == 1 ? image : "", {}, {}};
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

/** Takes over names of label values from a data set description; regions of several labels are left
 * out. */
void
ReadDescription(const fs::path & description, ConsensusCohort & cohort)
{
  if (!fs::exists(description))
  {
    return;
  }
  const auto declared = ReadDeclaredLabels(description);
  for (const auto & structure : declared.structures)
  {
    if (structure.values.size() == 1)
    {
      cohort.labelNames[structure.values.front()] = structure.name;
    }
  }
  cohort.ignored = declared.ignored;
}

ConsensusCase
CaseOfRow(const Table & table,
          std::size_t row,
          const std::string & imageColumn,
          const fs::path & folder)
{
  const auto path = [&](const std::string & column)
  {
    const bool given = table.HasColumn(column) && !IsMissing(table.At(row, column));
    return given ? (folder / ToText(table.At(row, column))).string() : std::string();
  };
  ConsensusCase one;
  one.id = IsMissing(table.At(row, "case")) ? "" : ToText(table.At(row, "case"));
  one.image = imageColumn.empty() ? "" : path(imageColumn);
  one.weight = path("confidence");
  for (const auto & column : table.Columns())
  {
    if (column.starts_with(annotatorPrefix) && !path(column).empty())
    {
      one.annotations.push_back(
          {column.substr(annotatorPrefix.size()), path(column), std::nullopt});
    }
  }
  return one;
}

ConsensusCohort
CasesOfManifest(const std::string & manifest)
{
  ConsensusCohort cohort;
  cohort.manifest = ReadManifestTable(manifest);
  cohort.folder = fs::path(manifest).parent_path();
  ReadDescription(cohort.folder / "dataset.json", cohort);
  const auto & columns = cohort.manifest->Columns();
  const auto image = std::find_if(columns.begin(),
                                  columns.end(),
                                  [](const auto & column)
                                  { return column == "image" || column.starts_with("image_"); });
  for (std::size_t row = 0; row < cohort.manifest->RowCount(); ++row)
  {
    auto one =
        CaseOfRow(*cohort.manifest, row, image == columns.end() ? "" : *image, cohort.folder);
    one.ignored = cohort.ignored;
    if (cohort.manifest->HasColumn("label") && !IsMissing(cohort.manifest->At(row, "label")))
    {
      cohort.labelFiles.push_back(
          (cohort.folder / ToText(cohort.manifest->At(row, "label"))).string());
    }
    if (!one.annotations.empty())
    {
      cohort.cases.push_back(std::move(one));
    }
  }
  if (cohort.cases.empty())
  {
    throw UsageError(Message(manifest, ": no case with a column annotator_<name>"));
  }
  if (const auto left = cohort.manifest->RowCount() - cohort.cases.size(); left > 0)
  {
    LogInfo(Message(left, " cases without annotators are passed on as they are"));
  }
  return cohort;
}

/** The map on another grid; outside the map nothing was annotated. */
LabelImage::Pointer
OntoGrid(const LabelImage * map, const LabelImage * reference)
{
  auto resample = LabelResampleImageFilter<LabelImage>::New();
  resample->SetInput(map);
  resample->SetReferenceImage(reference);
  resample->SetFillValue(UnobservedValue);
  resample->Update();
  return resample->GetOutput();
}

} // namespace

ConsensusCohort
ListCases(const std::vector<std::string> & annotations,
          const std::string & image,
          const std::string & manifest,
          const std::string & caseName)
{
  if (annotations.empty() == manifest.empty())
  {
    throw UsageError("give either annotation files or a manifest");
  }
  ConsensusCohort cohort;
  if (manifest.empty())
  {
    cohort.cases = CasesOfFiles(annotations, image, caseName);
  }
  else
  {
    cohort = CasesOfManifest(manifest);
  }
  std::set<std::string> names;
  for (const auto & one : cohort.cases)
  {
    if (one.id.empty() || one.id.find('/') != std::string::npos || !names.insert(one.id).second)
    {
      throw UsageError(Message("case '", one.id, "': names must be given, unique and free of '/'"));
    }
  }
  return cohort;
}

void
AddLabelsOf(const LabelImage * map, std::set<std::uint16_t> & labels)
{
  const auto * buffer = map->GetBufferPointer();
  const auto count = map->GetBufferedRegion().GetNumberOfPixels();
  std::vector<bool> seen(std::size_t(UnobservedValue) + 1, false);
  for (std::size_t p = 0; p < count; ++p)
  {
    seen[buffer[p]] = true;
  }
  for (unsigned value = 0; value < UnobservedValue; ++value)
  {
    if (seen[value])
    {
      labels.insert(static_cast<std::uint16_t>(value));
    }
  }
}

void
LoadedCase::AddLabels(std::set<std::uint16_t> & labels) const
{
  for (const auto & map : maps)
  {
    AddLabelsOf(map, labels);
  }
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
    if (source.ignored)
    {
      std::replace(buffer, buffer + count, *source.ignored, UnobservedValue);
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
  if (!source.weight.empty())
  {
    loaded.weight = ReadImage(source.weight).image;
    RequireSameGrid(loaded.maps.front().GetPointer(),
                    loaded.weight.GetPointer(),
                    source.annotations.front().path,
                    source.weight);
  }
  return loaded;
}

} // namespace sulcus
