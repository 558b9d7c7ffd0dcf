#pragma once

#include "sulcusAnatomy.h"
#include <sulcusImageGrid.h>

#include <string>
#include <vector>

namespace sulcus
{

/** How one hospital's scanner sees a head. */
struct SiteProfile
{
  std::string name;
  std::array<double, 3> spacingInMm{1.0, 1.0, 1.0};
  std::string orientation = "LPS";    ///< body sides towards which x, y and z run, before the tilt
  double largestTiltInDegrees = 10.0; ///< about a random axis, drawn for every scan
  double contrastSpread = 0.05;       ///< relative change of every tissue's mean
  double gamma = 1.0;                 ///< exponent on intensities in 0…1
  double gain = 1000.0;               ///< intensity of the brightest tissue in the file
  double biasAmplitude = 0.12;        ///< standard deviation of the logarithm of the bias field
  double noise = 0.03;                ///< of the two Rician components, relative to the gain
};

/** Profile of site 0, 1, 2, …: the first three are fixed and differ in spacing, orientation,
 * contrast and intensity scale; later ones are drawn from the engine. */
SiteProfile
MakeSite(int number, const RandomEngine & random);

/** One scan: the same grid and label map for all channels. */
struct Scan
{
  std::vector<FloatImage::Pointer> channels;
  LabelImage::Pointer truth;
};

struct ScanOptions
{
  int channels = 1; ///< 1: T1-like, 2: and T2-like, 3: and FLAIR-like, 4: and PD-like
  double fieldOfViewInMm = 46.0;
  double texture = 0.04; ///< relative standard deviation of the tissue texture
};

/** The name of a channel: "T1", "T2", "FLAIR", "PD". */
std::string
ChannelName(int channel);

/** Images a person at a site: tissue means of the site, partial volume at every border, texture,
 * bias field, Rician noise. The grid is oblique and its origin is off centre.
 * \throws UsageError for a number of channels outside 1…4. */
Scan
MakeScan(const Anatomy & anatomy,
         const SiteProfile & site,
         const ScanOptions & options,
         RandomEngine random);

} // namespace sulcus
