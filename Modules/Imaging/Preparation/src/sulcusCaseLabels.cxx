#include "sulcusCaseLabels.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace sulcus
{

namespace
{

constexpr std::uint16_t undeclared = 0xFFFF;

/** Class of every label value; `undeclared` where there is none. */
std::vector<std::uint16_t>
ClassTable(const Dataset & dataset)
{
  std::vector<std::uint16_t> table(65536, undeclared);
  for (std::size_t index = 0; index < dataset.labels.size(); ++index)
  {
    const auto value = dataset.labels[index].value;
    if (value >= 0 && value < 65536)
    {
      table[static_cast<std::size_t>(value)] = static_cast<std::uint16_t>(index);
    }
  }
  return table;
}

std::size_t
CountOf(const itk::ImageBase<3> * image)
{
  return image->GetLargestPossibleRegion().GetNumberOfPixels();
}

[[noreturn]] void
RefuseValue(const LabelImage * values,
            std::uint16_t value,
            const Dataset & dataset,
            const std::string & path)
{
  const auto * voxels = values->GetBufferPointer();
  const auto count = std::count(voxels, voxels + CountOf(values), value);
  std::string declared;
  for (const auto & label : dataset.labels)
  {
    declared += (declared.empty() ? "" : ", ") + std::to_string(label.value);
  }
  throw InputError(Message(path,
                           ": label value ",
                           value,
                           " in ",
                           count,
                           " voxels is not declared; declared: ",
                           declared));
}

} // namespace

MaskImage::Pointer
ObservedFromFile(const LabelImage * values, const std::string & path)
{
  auto mask = NewImage<MaskImage>(GridOf(values));
  for (std::size_t i = 0; i < CountOf(values); ++i)
  {
    const auto value = values->GetBufferPointer()[i];
    if (value > 1)
    {
      throw InputError(Message(path, ": an observed mask holds 0 and 1 only, found ", value));
    }
    mask->GetBufferPointer()[i] = static_cast<std::uint8_t>(value);
  }
  return mask;
}

LabelImage::Pointer
ToClasses(const LabelImage * values,
          const Dataset & dataset,
          const std::string & path,
          MaskImage::Pointer & observed)
{
  const auto table = ClassTable(dataset);
  auto classes = NewImage<LabelImage>(GridOf(values));
  const auto * voxels = values->GetBufferPointer();
  for (std::size_t i = 0; i < CountOf(values); ++i)
  {
    if (dataset.unknownLabel && voxels[i] == *dataset.unknownLabel)
    {
      if (observed.IsNull())
      {
        observed = NewImage<MaskImage>(GridOf(values), 1);
      }
      observed->GetBufferPointer()[i] = 0;
    }
    else if (table[voxels[i]] == undeclared)
    {
      RefuseValue(values, voxels[i], dataset, path);
    }
    else
    {
      classes->GetBufferPointer()[i] = table[voxels[i]];
    }
  }
  return classes;
}

std::vector<FloatImage::Pointer>
SoftLabelFromFile(const VectorImage * shares,
                  const Dataset & dataset,
                  const std::string & path,
                  const MaskImage * observed)
{
  const std::size_t classes = dataset.labels.size();
  const std::size_t components = shares->GetNumberOfComponentsPerPixel();
  const bool structureOnly = components == 1 && classes == 2;
  if (components != classes && !structureOnly)
  {
    throw InputError(Message(
        path, ": ", components, " components, need one for each of the ", classes, " classes"));
  }
  std::vector<FloatImage::Pointer> result;
  for (std::size_t k = 0; k < classes; ++k)
  {
    result.push_back(NewImage<FloatImage>(GridOf(shares)));
  }
  constexpr double tolerance = 0.01;
  const auto * values = shares->GetBufferPointer();
  for (std::size_t i = 0; i < CountOf(shares); ++i)
  {
    const bool counts = observed == nullptr || observed->GetBufferPointer()[i] != 0;
    double sum = 0.0;
    for (std::size_t k = 0; k < classes; ++k)
    {
      const double share =
          structureOnly ? (k == 1 ? values[i] : 1.0 - values[i]) : values[i * components + k];
      if (counts && !(share >= -tolerance && share <= 1.0 + tolerance))
      {
        throw InputError(Message(path, ": soft label ", share, " at voxel ", i, ", need 0 to 1"));
      }
      sum += std::max(0.0, share);
      result[k]->GetBufferPointer()[i] = static_cast<float>(std::max(0.0, share));
    }
    if (counts && std::abs(sum - 1.0) > tolerance)
    {
      throw InputError(
          Message(path, ": the soft labels of voxel ", i, " sum to ", sum, ", need 1"));
    }
    for (std::size_t k = 0; k < classes; ++k)
    {
      auto & share = result[k]->GetBufferPointer()[i];
      share = counts ? static_cast<float>(share / sum) : 0.0F;
    }
  }
  return result;
}

void
FuseDrawings(const std::vector<Drawing> & drawings,
             const Dataset & dataset,
             AnnotatorRule rule,
             CaseVolumes & volumes)
{
  const auto table = ClassTable(dataset);
  const std::size_t classes = dataset.labels.size();
  const std::size_t count = volumes.grid.VoxelCount();
  if (volumes.observed.IsNull())
  {
    volumes.observed = NewImage<MaskImage>(volumes.grid, 1);
  }
  if (rule == AnnotatorRule::Majority)
  {
    volumes.label = NewImage<LabelImage>(volumes.grid);
  }
  for (std::size_t k = 0; k < classes && rule == AnnotatorRule::Soft; ++k)
  {
    volumes.softLabel.push_back(NewImage<FloatImage>(volumes.grid));
  }
  std::vector<int> votes(classes);
  for (std::size_t i = 0; i < count; ++i)
  {
    std::fill(votes.begin(), votes.end(), 0);
    int total = 0;
    for (const auto & drawing : drawings)
    {
      const auto value = drawing.values->GetBufferPointer()[i];
      if (value == dataset.annotatorUnknownLabel)
      {
        continue;
      }
      if (table[value] == undeclared)
      {
        RefuseValue(drawing.values, value, dataset, drawing.path);
      }
      ++votes[table[value]];
      ++total;
    }
    if (total == 0)
    {
      volumes.observed->GetBufferPointer()[i] = 0;
    }
    else if (rule == AnnotatorRule::Majority)
    {
      volumes.label->GetBufferPointer()[i] =
          static_cast<std::uint16_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
    }
    else
    {
      for (std::size_t k = 0; k < classes; ++k)
      {
        volumes.softLabel[k]->GetBufferPointer()[i] =
            static_cast<float>(votes[k]) / static_cast<float>(total);
      }
    }
  }
}

void
CountClasses(const CaseSource & source,
             const Dataset & dataset,
             EmptyLabel rule,
             CaseVolumes & volumes)
{
  volumes.labelVoxels.assign(dataset.labels.size(), 0);
  for (std::size_t i = 0; i < volumes.grid.VoxelCount(); ++i)
  {
    if (volumes.observed.IsNotNull() && volumes.observed->GetBufferPointer()[i] == 0)
    {
      continue;
    }
    std::size_t heaviest = 0;
    if (volumes.label.IsNotNull())
    {
      heaviest = volumes.label->GetBufferPointer()[i];
    }
    for (std::size_t k = 1; k < volumes.softLabel.size(); ++k)
    {
      heaviest = volumes.softLabel[k]->GetBufferPointer()[i] >
                         volumes.softLabel[heaviest]->GetBufferPointer()[i]
                     ? k
                     : heaviest;
    }
    ++volumes.labelVoxels[heaviest];
  }
  const bool empty = std::all_of(volumes.labelVoxels.begin() + 1,
                                 volumes.labelVoxels.end(),
                                 [](auto count) { return count == 0; });
  if (!empty)
  {
    return;
  }
  const auto & file = !source.label.empty()       ? source.label
                      : !source.softLabel.empty() ? source.softLabel
                                                  : source.annotators.begin()->second;
  const auto line =
      Message(file, ": empty label, no voxel of any structure (case '", source.id, "')");
  if (rule == EmptyLabel::Refuse)
  {
    throw InputError(line);
  }
  volumes.warnings.push_back(line);
}

} // namespace sulcus
