#include "sulcusLayerFiles.h"

#include <sulcusDicomRead.h>
#include <sulcusError.h>
#include <sulcusLog.h>

namespace sulcus
{
namespace
{

void
Warn(const std::string & path, const std::vector<std::string> & warnings)
{
  for (const auto & warning : warnings)
  {
    LogWarning(path + ": " + warning);
  }
}

/** Label maps are read whole; volume and series choose within the image. */
ReadOptions
LabelOptions(const LayerFiles & files, const ReadSettings & settings)
{
  auto options = ToReadOptions(settings);
  options.volume.reset();
  options.series.clear();
  options.reference = options.reference.empty() ? files.image : options.reference;
  return options;
}

void
CheckNames(const LayerFiles & files)
{
  if (!files.annotatorNames.empty() && files.annotatorNames.size() != files.annotators.size())
  {
    throw UsageError(Message("annotator_names: ",
                             files.annotatorNames.size(),
                             " names for ",
                             files.annotators.size(),
                             " annotators"));
  }
}

class Loader
{
public:
  Loader(const LayerFiles & files, const ReadSettings & settings, RunRecord & record)
      : m_Files(files), m_Options(LabelOptions(files, settings)), m_Record(record)
  {
  }

  FloatImage::Pointer
  Image(const std::string & path, const ReadOptions & options)
  {
    return Keep(path, ReadImage(path, options));
  }

  LabelImage::Pointer
  Labels(const std::string & path, std::vector<SegmentInfo> * segments = nullptr)
  {
    auto loaded = ReadSegmentation(path, m_Options);
    if (segments)
    {
      *segments = loaded.info.segments;
    }
    return Keep(path, loaded);
  }

private:
  /** Notes the file and holds it against the image's grid. */
  template <typename TImage>
  typename TImage::Pointer
  Keep(const std::string & path, const Loaded<TImage> & loaded)
  {
    Warn(path, loaded.warnings);
    m_Record.AddInput(path);
    const auto grid = GridOf(loaded.image.GetPointer());
    if (path == m_Files.image)
    {
      m_Grid = grid;
    }
    RequireSameGrid(m_Grid, grid, m_Files.image, path);
    return loaded.image;
  }

  const LayerFiles & m_Files;
  ReadOptions m_Options;
  RunRecord & m_Record;
  ImageGrid m_Grid;
};

} // namespace

void
Describe(Parameters & visit, LayerFiles & files)
{
  visit("image", files.image, "The image: file or DICOM folder.")
      .Kind(ParameterKind::InputImage)
      .Required()
      .Positional();
  visit("labels", files.labels, "Segmentation, drawn in the colours of its labels.")
      .Kind(ParameterKind::InputLabelMap)
      .Short('l');
  visit("reference_labels", files.reference, "Reference segmentation, outlined in white.")
      .Kind(ParameterKind::InputLabelMap);
  visit("annotators",
        files.annotators,
        "Label map of an annotator, outlined in a colour of their own; once for each annotator.")
      .Kind(ParameterKind::InputLabelMap);
  visit("annotator_names", files.annotatorNames, "Names for the legend, one an annotator.");
  visit("uncertainty", files.uncertainty, "Uncertainty map, drawn from yellow to red.")
      .Kind(ParameterKind::InputImage);
  visit("missing_label",
        files.missingLabel,
        "Label of voxels that an annotator or the reference did not look at; -1: there are none.")
      .Range(-1, 65535);
}

LoadedLayers
LoadLayers(const LayerFiles & files, const ReadSettings & settings, RunRecord & record)
{
  CheckNames(files);
  LoadedLayers loaded;
  Loader load(files, settings, record);
  auto & layers = loaded.layers;
  loaded.image = load.Image(files.image, ToReadOptions(settings));
  layers.image = loaded.image;
  layers.missingLabel = files.missingLabel;
  if (!files.labels.empty())
  {
    loaded.labels = load.Labels(files.labels, &layers.segments);
    layers.labels = loaded.labels;
  }
  if (!files.reference.empty())
  {
    loaded.reference =
        load.Labels(files.reference, layers.segments.empty() ? &layers.segments : nullptr);
    layers.reference = loaded.reference;
  }
  if (!files.uncertainty.empty())
  {
    auto options = ToReadOptions(settings);
    options.volume.reset();
    loaded.uncertainty = load.Image(files.uncertainty, options);
    layers.uncertainty = loaded.uncertainty;
  }
  for (std::size_t i = 0; i < files.annotators.size(); ++i)
  {
    loaded.annotators.push_back(load.Labels(files.annotators[i]));
    layers.annotators.push_back(
        {files.annotatorNames.empty() ? Message("ANNOTATOR ", i + 1) : files.annotatorNames[i],
         loaded.annotators.back()});
  }
  return loaded;
}

void
CheckLayers(const LayerFiles & files, const ReadSettings & settings)
{
  CheckNames(files);
  const auto grid = ReadHeader(files.image, ToReadOptions(settings)).grid;
  std::vector<std::string> others = files.annotators;
  others.insert(others.end(), {files.labels, files.reference, files.uncertainty});
  for (const auto & path : others)
  {
    if (!path.empty() && !IsDicomPath(path)) // DICOM segmentations are put on the grid
    {
      const auto options = LabelOptions(files, settings);
      RequireSameGrid(grid, ReadHeader(path, options).grid, files.image, path);
    }
  }
}

} // namespace sulcus
