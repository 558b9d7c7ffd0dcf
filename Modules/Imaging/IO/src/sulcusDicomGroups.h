#pragma once

#include "sulcusDicomFrames.h"

#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** Two slices nearer than this are at the same place. */
inline constexpr double SamePositionInMm = 0.01;

/** The frames of each volume of a series, and what tells it from the others. */
using DicomGroups = std::vector<std::pair<std::string, std::vector<DicomFrame>>>;

Vector3
NormalOf(const DicomFrame & frame);

/** Places of frames along a normal, sorted. */
std::vector<double>
PlacesOf(const std::vector<DicomFrame> & frames, const Vector3 & normal);

/** Shares the frames of a series out into volumes. Echo time and b-value always separate; the other
 * keys only where several frames share one place and a key shares them out evenly. \throws
 * GeometryError where volumes differ in their slices or a slice is there twice */
DicomGroups
SplitIntoVolumes(std::vector<DicomFrame> frames, const std::string & path);

} // namespace sulcus
