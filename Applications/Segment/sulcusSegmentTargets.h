#pragma once

#include "sulcusSegmentCases.h"
#include "sulcusSegmentSettings.h"
#include <sulcusPlan.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Where the files of a case go. */
struct SegmentTarget
{
  std::string label;
  std::string base; ///< of the other files, without ending
  std::string ending;

  std::string
  File(const std::string & what) const
  {
    return base + "_" + what + ending;
  }
};

/** "probability_<label>", the label's name made fit for a file name. */
std::string
ProbabilityFilePart(const std::string & labelName);

/** Where every case goes: `settings.output` itself if its name ends as an image or in `.dcm`, else
 * files in that folder. Maps of numbers beside a `.dcm` or `.seg.nrrd`, which hold nothing but
 * labels, are `.nii.gz`. Nothing is written. \throws UsageError for several cases and one file, an
 * output that would replace an input, a DICOM SEG of a case that is not DICOM; OutputError for a
 * file that exists unless `overwrite` */
std::vector<SegmentTarget>
SegmentTargets(const std::vector<SegmentCase> & cases,
               const SegmentSettings & settings,
               const Plan & plan,
               bool overwrite);

/** Holds the page's name against what is there, before anything is computed; none: nothing happens.
 * Its folder must exist, or be the output folder. \throws UsageError for a name that does not end
 * in .html; OutputError for a file that exists unless `overwrite`, or a folder that does not exist
 */
void
RequireFreePage(const SegmentSettings & settings, bool overwrite);

/** Makes the output folder, if the output is one. \throws OutputError */
void
MakeOutputFolder(const SegmentSettings & settings);

} // namespace sulcus
