#include "sulcusCaseVolumes.h"

#include "sulcusCaseLabels.h"
#include <sulcusError.h>
#include <sulcusSafeRead.h>

#include <algorithm>
#include <set>

namespace sulcus
{

namespace
{

ReadOptions
VolumeOptions(const CaseReadOptions & options)
{
  ReadOptions reading;
  reading.nonFinite = options.zeroNonFinite ? NonFinite::Zero : NonFinite::Refuse;
  return reading;
}

template <typename TImage>
typename TImage::Pointer
Keep(Loaded<TImage> loaded, const std::string & path, CaseVolumes & volumes)
{
  for (const auto & warning : loaded.warnings)
  {
    volumes.warnings.push_back(
        warning.find(path) == std::string::npos ? Message(path, ": ", warning) : warning);
  }
  return loaded.image;
}

/** One file a channel, or one file whose volumes or components are the channels. */
void
ReadChannels(const CaseSource & source,
             const Dataset & dataset,
             const ReadOptions & reading,
             CaseVolumes & volumes)
{
  const std::size_t expected = dataset.channels.size();
  const auto header = ReadHeader(source.images.front(), reading).header;
  const std::size_t inFile = header.components * header.volumes;
  const std::size_t found = source.images.size() == 1 ? inFile : source.images.size();
  if (found != expected)
  {
    throw InputError(Message(source.images.front(),
                             ": case '",
                             source.id,
                             "' has ",
                             found,
                             found == 1 ? " channel" : " channels",
                             ", expected ",
                             expected));
  }
  for (std::size_t channel = 0; channel < expected; ++channel)
  {
    const auto & path = source.images[source.images.size() == 1 ? 0 : channel];
    ReadOptions one = reading;
    if (source.images.size() == 1 && expected > 1)
    {
      (header.volumes > 1 ? one.volume.emplace() : one.component) = channel;
    }
    volumes.channels.push_back(Keep(ReadImage(path, one), path, volumes));
    const auto * image = volumes.channels.back().GetPointer();
    RequireSameGrid(volumes.channels.front().GetPointer(), image, source.images.front(), path);
    const auto * values = image->GetBufferPointer();
    const auto count = image->GetLargestPossibleRegion().GetNumberOfPixels();
    const auto [low, high] = std::minmax_element(values, values + count);
    if (*low == *high)
    {
      throw InputError(
          Message(path, ": constant image, every voxel is ", *low, " (case '", source.id, "')"));
    }
  }
  volumes.grid = GridOf(volumes.channels.front().GetPointer());
}

/** A lost spacing replaced on every volume; the checks before compared what the files say. */
void
ReplaceSpacing(const std::array<double, 3> & spacingInMm, CaseVolumes & volumes)
{
  const auto replace = [&](itk::ImageBase<3> * image)
  {
    if (image != nullptr)
    {
      image->SetSpacing(spacingInMm.data());
    }
  };
  for (const auto & channel : volumes.channels)
  {
    replace(channel);
  }
  for (const auto & share : volumes.softLabel)
  {
    replace(share);
  }
  replace(volumes.label);
  replace(volumes.weight);
  replace(volumes.observed);
  volumes.grid = GridOf(volumes.channels.front().GetPointer());
}

} // namespace

CaseVolumes
ReadCase(const CaseSource & source, const Dataset & dataset, const CaseReadOptions & options)
{
  CaseVolumes volumes;
  const auto reading = VolumeOptions(options);
  ReadChannels(source, dataset, reading, volumes);
  const auto readLabels = [&](const std::string & path)
  {
    auto labelReading = reading;
    labelReading.reference = source.images.front(); // for a DICOM SEG, which leaves slices out
    auto labels = Keep(ReadLabels(path, labelReading), path, volumes);
    RequireSameGrid(
        volumes.channels.front().GetPointer(), labels.GetPointer(), source.images.front(), path);
    return labels;
  };
  if (!source.observed.empty())
  {
    volumes.observed = ObservedFromFile(readLabels(source.observed), source.observed);
  }
  if (!source.label.empty())
  {
    volumes.label = ToClasses(readLabels(source.label), dataset, source.label, volumes.observed);
  }
  else if (!source.softLabel.empty())
  {
    const auto loaded = Keep(ReadVector(source.softLabel, reading), source.softLabel, volumes);
    RequireSameGrid(volumes.channels.front().GetPointer(),
                    loaded.GetPointer(),
                    source.images.front(),
                    source.softLabel);
    volumes.softLabel = SoftLabelFromFile(loaded, dataset, source.softLabel, volumes.observed);
  }
  else if (!source.annotators.empty() && options.annotators != AnnotatorRule::Ignore)
  {
    std::vector<Drawing> drawings;
    for (const auto & [name, path] : source.annotators)
    {
      drawings.push_back({path, readLabels(path)});
    }
    FuseDrawings(drawings, dataset, options.annotators, volumes);
  }
  if (!source.weight.empty())
  {
    volumes.weight = Keep(ReadImage(source.weight, reading), source.weight, volumes);
    RequireSameGrid(volumes.channels.front().GetPointer(),
                    volumes.weight.GetPointer(),
                    source.images.front(),
                    source.weight);
    const auto * values = volumes.weight->GetBufferPointer();
    const auto count = volumes.grid.VoxelCount();
    const float low = *std::min_element(values, values + count);
    if (low < 0.0F)
    {
      throw InputError(Message(source.weight, ": weight ", low, ", need 0 or more"));
    }
  }
  if (volumes.IsLabelled())
  {
    CountClasses(source, dataset, options.emptyLabel, volumes);
  }
  if (source.spacingInMm)
  {
    ReplaceSpacing(*source.spacingInMm, volumes);
  }
  return volumes;
}

std::vector<std::int64_t>
LabelValuesIn(const CaseSource & source, const Dataset & dataset)
{
  std::vector<std::pair<std::string, std::optional<std::int64_t>>> files;
  if (!source.label.empty())
  {
    files.emplace_back(source.label, dataset.unknownLabel);
  }
  else
  {
    for (const auto & [name, path] : source.annotators)
    {
      files.emplace_back(path, dataset.annotatorUnknownLabel);
    }
  }
  std::set<std::int64_t> values;
  for (const auto & [path, unknown] : files)
  {
    const auto labels = ReadLabels(path).image;
    const auto * voxels = labels->GetBufferPointer();
    std::set<std::int64_t> found(voxels,
                                 voxels + labels->GetLargestPossibleRegion().GetNumberOfPixels());
    if (unknown)
    {
      found.erase(*unknown);
    }
    values.merge(found);
  }
  return {values.begin(), values.end()};
}

} // namespace sulcus
