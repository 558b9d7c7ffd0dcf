#pragma once

#include "sulcusCaseFiles.h"
#include <sulcusDeclaredLabels.h>
#include <sulcusImages.h>

#include <string>
#include <vector>

namespace sulcus
{

/** One of the label maps of a case.
 *
 * A DICOM segmentation holds only slices with something in them, so it is put on the grid of the
 * case's image, else of the case's other label map. Its segments are numbered 1, 2, …: if `names`
 * declares structures and every segment is called like one of them, they get the declared values.
 * Warnings go to the log. \throws as ReadLabels */
LabelImage::Pointer
ReadCaseLabels(const CaseFiles & one, const std::string & path, const DeclaredLabels & names);

/** Compares the grids of reference and prediction, by their headers where those say it. \throws
 * GeometryError */
void
RequireSameGrids(const std::vector<CaseFiles> & cases);

/** The image of a case: in a folder, the file or folder named by the case; else `images` itself,
 * which is then the image of every case. */
std::string
FindCaseImage(const std::string & images, const std::string & id);

} // namespace sulcus
