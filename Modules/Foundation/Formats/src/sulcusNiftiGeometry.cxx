#include "sulcusNiftiFields.h"
#include "sulcusVolumeGeometry.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

double
MillimetresPerUnit(const NiftiFields & fields, VolumeHeader & header)
{
  switch (fields.units & 7)
  {
  case 1:
    header.warnings.emplace_back("lengths are in metres: converted to mm");
    return 1000.0;
  case 3:
    header.warnings.emplace_back("lengths are in micrometres: converted to mm");
    return 0.001;
  case 2:
    return 1.0;
  default:
    header.warnings.emplace_back("no unit of length: taken as mm");
    return 1.0;
  }
}

void
RequireSpacing(const NiftiFields & fields, double unit, std::string_view path)
{
  for (int axis = 1; axis <= 3; ++axis)
  {
    const double spacing = fields.pixdim[axis] * unit;
    if (axis <= fields.dim[0] && !(spacing >= SmallestSpacingInMm && spacing <= LargestSpacingInMm))
    {
      throw GeometryError(Message(path,
                                  ": pixdim[",
                                  axis,
                                  "] is ",
                                  fields.pixdim[axis],
                                  " (spacing must be ",
                                  SmallestSpacingInMm,
                                  " to ",
                                  LargestSpacingInMm,
                                  " mm)"));
    }
  }
}

double
SpacingOf(const NiftiFields & fields, int axis)
{
  return axis < fields.dim[0] ? fields.pixdim[axis + 1] : 1.0;
}

/** RAS matrix of the quaternion (nifti1.h, "method 2"). */
Matrix4
QformMatrix(const NiftiFields & fields, std::string_view path)
{
  double b = fields.quaternion[0];
  double c = fields.quaternion[1];
  double d = fields.quaternion[2];
  const double square = b * b + c * c + d * d;
  if (!(square <= 1.0 + 1e-4))
  {
    throw GeometryError(Message(
        path, ": the quaternion of qform is not of unit length (b^2+c^2+d^2 = ", square, ")"));
  }
  double a = 0.0;
  if (square > 1.0)
  {
    const double scale = 1.0 / std::sqrt(square);
    b *= scale;
    c *= scale;
    d *= scale;
  }
  else
  {
    a = std::sqrt(1.0 - square);
  }
  const double rotation[3][3] = {
      {a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
      {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
      {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}};
  const double qfac = fields.pixdim[0] < 0.0 ? -1.0 : 1.0;
  Matrix4 matrix{};
  for (int row = 0; row < 3; ++row)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      matrix[row][axis] = rotation[row][axis] * SpacingOf(fields, axis) * (axis == 2 ? qfac : 1.0);
    }
    matrix[row][3] = fields.qoffset[row];
  }
  matrix[3] = {0, 0, 0, 1};
  return matrix;
}

Matrix4
SformMatrix(const NiftiFields & fields)
{
  Matrix4 matrix{};
  std::copy(fields.sform.begin(), fields.sform.end(), matrix.begin());
  matrix[3] = {0, 0, 0, 1};
  return matrix;
}

bool
PreferSform(const NiftiFields & fields, NiftiTransform choice)
{
  switch (choice)
  {
  case NiftiTransform::QForm:
    return false;
  case NiftiTransform::Itk:
    return fields.sformCode == 1;
  default:
    return true;
  }
}

/** Rounded quaternions and matrices differ a little; a twentieth of a voxel is no conflict. */
bool
Conflict(const NiftiFields & fields, double distance)
{
  const double smallest =
      std::min({SpacingOf(fields, 0), SpacingOf(fields, 1), SpacingOf(fields, 2)});
  return !(distance <= 0.05 * smallest);
}

Matrix4
ChooseMatrix(const NiftiFields & fields,
             VolumeHeader & header,
             const VolumeReadOptions & options,
             std::string_view path)
{
  const bool hasQform = fields.qformCode > 0;
  const bool hasSform = fields.sformCode > 0;
  if (!hasQform && !hasSform)
  {
    throw GeometryError(Message(
        path,
        ": has no geometry (qform_code and sform_code are 0), so left and right are unknown"));
  }
  if (!(hasQform && hasSform))
  {
    header.geometrySource = hasSform ? "sform" : "qform";
    return hasSform ? SformMatrix(fields) : QformMatrix(fields, path);
  }
  const auto sform = SformMatrix(fields);
  const auto qform = QformMatrix(fields, path);
  const bool useSform = PreferSform(fields, options.niftiTransform);
  header.geometrySource = useSform ? "sform" : "qform";
  const double distance = CornerDistance(sform, qform, header.size);
  if (Conflict(fields, distance))
  {
    const auto text = Message("sform (code ",
                              fields.sformCode,
                              ") and qform (code ",
                              fields.qformCode,
                              ") place a corner ",
                              distance,
                              " mm apart");
    if (options.niftiTransform == NiftiTransform::Refuse)
    {
      throw GeometryError(Message(path, ": ", text, "; choose one with --nifti-xform"));
    }
    header.warnings.push_back(Message(text, ": ", header.geometrySource, " is used"));
  }
  return useSform ? sform : qform;
}

} // namespace

void
SetNiftiGeometry(const NiftiFields & fields,
                 VolumeHeader & header,
                 const VolumeReadOptions & options,
                 std::string_view path)
{
  const double unit = MillimetresPerUnit(fields, header);
  RequireSpacing(fields, unit, path);
  Matrix4 ras{};
  if (fields.qformCode <= 0 && fields.sformCode <= 0 && options.allowMissingGeometry)
  {
    header.geometrySource = "assumption";
    header.warnings.emplace_back(
        "no geometry: placed at the origin with LPS axes, left and right are a guess");
    for (int axis = 0; axis < 3; ++axis)
    {
      ras[axis][axis] = (axis == 2 ? 1.0 : -1.0) * SpacingOf(fields, axis);
    }
  }
  else
  {
    ras = ChooseMatrix(fields, header, options, path);
  }
  for (int row = 0; row < 3; ++row)
  {
    for (double & value : ras[row])
    {
      value *= unit;
    }
  }
  ras[3] = {0, 0, 0, 1};
  header.lpsFromIndex = FlipRasLps(ras);
  CheckGeometry(header, options, path);
  for (int axis = 0; axis < 3 && header.geometrySource == "sform"; ++axis)
  {
    const double length = std::hypot(ras[0][axis], ras[1][axis], ras[2][axis]);
    const double pixdim = SpacingOf(fields, axis) * unit;
    if (std::abs(length - pixdim) > 0.01 * length)
    {
      header.warnings.push_back(Message(
          "pixdim says ", pixdim, " mm for axis ", axis, ", sform ", length, " mm: sform is used"));
    }
  }
}

} // namespace sulcus
