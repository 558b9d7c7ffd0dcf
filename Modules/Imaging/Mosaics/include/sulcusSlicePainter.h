#pragma once

#include "sulcusPainter.h"
#include "sulcusSliceFrame.h"
#include <sulcusImages.h>
#include <sulcusSegmentInfo.h>

#include <string>
#include <vector>

namespace sulcus
{

struct AnnotatorLayer
{
  std::string name; ///< for the legend
  const LabelImage * labels = nullptr;
};

/** What is drawn over each other; only the image must be there. All lie on one grid. The pictures
 * do not keep the pointers. */
struct SliceLayers
{
  const FloatImage * image = nullptr;
  const FloatImage * uncertainty = nullptr; ///< 0 is drawn clear
  const LabelImage * labels = nullptr;      ///< filled and outlined in the colours of the labels
  const LabelImage * reference = nullptr;   ///< outlined in white
  std::vector<AnnotatorLayer> annotators{}; ///< outlined, one colour each
  std::vector<SegmentInfo>
      segments{};        ///< names and colours of labels; defaults for those not named
  int missingLabel = -1; ///< value for "nothing was drawn here" of reference and annotators
};

/** \throws UsageError without an image; GeometryError if the layers lie on different grids */
void
RequireOneGrid(const SliceLayers & layers);

struct SliceStyle
{
  double windowLow = 0.0; ///< image value drawn black
  double windowHigh = 1.0;
  int greyLevels = 256;            ///< few levels make small PNG files
  double fillOpacity = 0.35;       ///< of the filled labels
  double uncertaintyHighest = 1.0; ///< drawn in the full colour
  bool fill = true;
  bool outline = true; ///< of labels, reference and annotators
  bool showLabels = true;
  bool showReference = true;
  bool showAnnotators = true;
  bool showUncertainty = true;
  bool marks = true; ///< sides of the patient at the edges
};

/** Colours that are no label's. */
inline constexpr Colour ReferenceColour{255, 255, 255};
/** Colour of annotator k; seven that colour-blind readers can tell apart (Okabe and Ito 2008), then
 * again from the first. */
Colour
AnnotatorColour(std::size_t place);
/** Colour of a label, from its description or the default of its value. */
Colour
LabelColour(const std::vector<SegmentInfo> & segments, std::uint16_t label);

/** Draws one slice: the image interpolated within the slice, labels by their nearest voxel. An
 * outline is the rim of pixels inside a structure; where several coincide their colours
 * alternate. Cost: the pixels of the picture. */
RgbPicture
PaintSlice(const SliceLayers & layers, const SliceFrame & frame, const SliceStyle & style);

} // namespace sulcus
