#pragma once

#include "sulcusDataset.h"
#include <sulcusImageGrid.h>
#include <sulcusImages.h>

#include <string>
#include <vector>

namespace sulcus
{

enum class EmptyLabel
{
  Refuse,
  Warn
};

/** What to do with the drawings of several annotators where no label is given. */
enum class AnnotatorRule
{
  Ignore,   ///< the case counts as unlabelled
  Majority, ///< most votes, ties to the lowest class; voxels that nobody annotated are unknown
  Soft      ///< share of votes as soft label
};

struct CaseReadOptions
{
  EmptyLabel emptyLabel = EmptyLabel::Refuse;
  bool zeroNonFinite = false; ///< replace NaN and Inf by 0 with a warning instead of refusing
  AnnotatorRule annotators = AnnotatorRule::Ignore;
};

/** One scan in memory, all on the image's own grid, labels as class indices. */
struct CaseVolumes
{
  ImageGrid grid;
  std::vector<FloatImage::Pointer> channels;
  LabelImage::Pointer label;                  ///< class indices; null without
  std::vector<FloatImage::Pointer> softLabel; ///< one a class; empty without
  FloatImage::Pointer weight;                 ///< null without
  MaskImage::Pointer observed;                ///< null: all observed
  std::vector<std::int64_t> labelVoxels;      ///< observed voxels of each class
  std::vector<std::string> warnings;

  bool
  IsLabelled() const
  {
    return label.IsNotNull() || !softLabel.empty();
  }
};

/** Reads and checks everything about a case. \throws InputError (unreadable or damaged file, NaN,
 * constant image, wrong number of channels, label values that are not declared, empty label, soft
 * labels that do not sum to 1, negative weights), GeometryError (files on different grids); one
 * line that names the case and the file. */
CaseVolumes
ReadCase(const CaseSource & source, const Dataset & dataset, const CaseReadOptions & options);

/** Label values found in a case's label or annotator files, ascending. */
std::vector<std::int64_t>
LabelValuesIn(const CaseSource & source, const Dataset & dataset);

} // namespace sulcus
