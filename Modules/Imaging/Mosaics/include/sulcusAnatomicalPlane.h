#pragma once

#include <sulcusImageGrid.h>

#include <array>
#include <string>

namespace sulcus
{

enum class Plane
{
  Axial,
  Coronal,
  Sagittal
};

/** Which side of the patient is on the left of axial and coronal pictures. */
enum class Convention
{
  Radiological, ///< the patient's right, as if seen from the feet
  Neurological  ///< the patient's left, as if seen from the head
};

/** \throws UsageError naming the known ones */
Plane
PlaneFromName(const std::string & name);
Convention
ConventionFromName(const std::string & name);
std::string
NameOf(Plane plane);
/** "RADIOLOGICAL: PATIENT'S RIGHT IS ON THE LEFT" and its counterpart. */
std::string
StatementOf(Convention convention);

/** How a stack of slices of an image lies in a picture. Slices follow the image's own axes: the
 * ones that together are nearest to the anatomical axes, so that nothing is resampled across
 * slices. */
struct PlaneAxes
{
  Plane plane = Plane::Axial;
  unsigned int across = 2;          ///< index axis from slice to slice
  unsigned int right = 0;           ///< index axis that runs along the rows of the picture
  unsigned int down = 1;            ///< index axis that runs down the picture
  bool rightReversed = false;       ///< the index falls on the way to the right
  bool downReversed = false;        ///< the index falls on the way down
  bool acrossReversed = false;      ///< the index falls towards the left, the back or the head
  std::array<std::string, 4> marks; ///< sides of the patient: at the left, right, upper, lower edge
};

/** Axial pictures have the front of the patient at the top, coronal ones the head; sagittal ones
 * the head at the top and the front at the left. The marks come from the direction cosines: the
 * letter (L, R, A, P, S, I) of the side an edge faces, and a second one where the image axis leans
 * more than 20 degrees to another side. */
PlaneAxes
AxesOf(const ImageGrid & grid, Plane plane, Convention convention);

/** Letters of the sides of the patient that a unit vector (LPS) points to: the strongest, and a
 * second one where it leans more than 20 degrees that way. */
std::string
SidesOf(const std::array<double, 3> & vector);

/** Place of a point along the axis of the body that a plane cuts across, in words: "S 12.3" is
 * 12.3 mm towards the head from the origin of the scanner's coordinates. */
std::string
PositionText(Plane plane, const ImageGrid::Base::PointType & point);

} // namespace sulcus
