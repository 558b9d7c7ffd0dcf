#pragma once

#include "sulcusCaseVolumes.h"

#include <string>
#include <vector>

namespace sulcus
{

/** 1 where the file is 1. \throws InputError for any value but 0 and 1. */
MaskImage::Pointer
ObservedFromFile(const LabelImage * values, const std::string & path);

/** Label values to class indices. Voxels with the data set's unknown value become background and
 * not observed (the mask is made where there is none). \throws InputError for a value that is not
 * declared. */
LabelImage::Pointer
ToClasses(const LabelImage * values,
          const Dataset & dataset,
          const std::string & path,
          MaskImage::Pointer & observed);

/** One probability image a class from a file with one component a class, or of one structure.
 * \throws InputError for values outside 0…1 or sums that differ from 1 by more than 0.01 where
 * observed; smaller differences are scaled away. */
std::vector<FloatImage::Pointer>
SoftLabelFromFile(const VectorImage * shares,
                  const Dataset & dataset,
                  const std::string & path,
                  const MaskImage * observed);

/** An annotator's file. */
struct Drawing
{
  std::string path;
  LabelImage::Pointer values;
};

/** Fills label or softLabel, and observed, from the votes. */
void
FuseDrawings(const std::vector<Drawing> & drawings,
             const Dataset & dataset,
             AnnotatorRule rule,
             CaseVolumes & volumes);

/** Fills labelVoxels; refuses or warns about a label without any structure. */
void
CountClasses(const CaseSource & source,
             const Dataset & dataset,
             EmptyLabel rule,
             CaseVolumes & volumes);

} // namespace sulcus
