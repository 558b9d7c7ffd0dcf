#pragma once

#include "sulcusSlicePainter.h"
#include <sulcusParameters.h>

#include <cstddef>
#include <string>
#include <vector>

namespace sulcus
{

struct MosaicOptions
{
  std::vector<std::string> planes{"axial", "coronal", "sagittal"}; ///< one row each
  int slices = 5;                                                  ///< a plane
  int tile = 200;                                                  ///< longest side in pixels
  std::string convention = "radiological";
  std::string field = "labels"; ///< "labels": their box with a margin; "whole": all of the image
  double marginInMm = 15.0;
  std::string style = "both"; ///< of the labels: "outline", "fill" or "both"
  double opacity = 0.35;
  std::vector<double> window{}; ///< image values of black and white; empty: percentiles 0.5, 99.5
  double uncertaintyHighest = 0.0; ///< 0: the largest value there is
  int greyLevels = 256;            ///< 16 to 32 make pictures of a third of the size
  std::string title{};
  bool legend = true;
};

/** Describes what users choose, under the title "Picture". */
void
Describe(Parameters & visit, MosaicOptions & options);

/** One slice of a mosaic; its pixels begin at (x, y) of the picture. */
struct MosaicTile
{
  SliceFrame frame;
  std::size_t x = 0;
  std::size_t y = 0;
};

struct Mosaic
{
  RgbPicture picture;
  std::vector<MosaicTile> tiles;
  /** Labels, reference and annotators were given and none of them holds a voxel. */
  bool empty = false;
};

/** Pictures for looking over a segmentation: rows of slices chosen where labels, reference and
 * annotators are (ChooseSlices), each with the sides of the patient, the slice index and its place
 * along the body; above them the title, the convention and the window, below them a scale bar and
 * the legend. No window system, no font, no file. Where there are no labels the slices are spread
 * over the image, and an empty segmentation is called so in the picture. Cost: one pass over every
 * label map, and the pixels.
 *
 * \code
 * SliceLayers layers{.image = t1, .labels = prediction, .reference = truth};
 * page.AddPng(MosaicPng(layers, {.slices = 3, .tile = 110, .greyLevels = 24}), "Case 7");
 * \endcode
 * \throws UsageError for options out of range; GeometryError for layers on different grids */
Mosaic
DrawMosaic(const SliceLayers & layers, const MosaicOptions & options = {});

/** The picture of DrawMosaic as a PNG file in memory. */
std::vector<std::byte>
MosaicPng(const SliceLayers & layers, const MosaicOptions & options = {}, int compression = 6);

} // namespace sulcus
