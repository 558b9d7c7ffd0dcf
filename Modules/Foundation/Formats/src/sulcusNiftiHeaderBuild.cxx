#include "sulcusByteOrder.h"
#include "sulcusNiftiHeader.h"
#include "sulcusVolumeGeometry.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sulcus
{

namespace
{

int
NiftiTypeCode(VoxelType type)
{
  static constexpr int codes[] = {256, 2, 4, 512, 8, 768, 1024, 1280, 16, 64};
  return codes[static_cast<int>(type)];
}

struct Quaternion
{
  double b = 0.0;
  double c = 0.0;
  double d = 0.0;
  double qfac = 1.0;
  std::array<double, 3> spacing{};
};

/** Of the RAS matrix; the branch with the largest denominator keeps the precision (nifti_io). */
Quaternion
QuaternionOf(const Matrix4 & ras)
{
  Quaternion q;
  double r[3][3];
  for (int axis = 0; axis < 3; ++axis)
  {
    q.spacing[axis] = std::hypot(ras[0][axis], ras[1][axis], ras[2][axis]);
    for (int row = 0; row < 3; ++row)
    {
      r[row][axis] = ras[row][axis] / q.spacing[axis];
    }
  }
  const double determinant = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
                             r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
                             r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
  if (determinant < 0.0)
  {
    q.qfac = -1.0;
    for (auto & row : r)
    {
      row[2] = -row[2];
    }
  }
  const double a2 = 1.0 + r[0][0] + r[1][1] + r[2][2];
  const double b2 = 1.0 + r[0][0] - r[1][1] - r[2][2];
  const double c2 = 1.0 - r[0][0] + r[1][1] - r[2][2];
  const double d2 = 1.0 - r[0][0] - r[1][1] + r[2][2];
  double a = 0.0;
  if (a2 >= std::max({b2, c2, d2}))
  {
    a = 0.5 * std::sqrt(a2);
    q.b = 0.25 * (r[2][1] - r[1][2]) / a;
    q.c = 0.25 * (r[0][2] - r[2][0]) / a;
    q.d = 0.25 * (r[1][0] - r[0][1]) / a;
  }
  else if (b2 >= std::max(c2, d2))
  {
    q.b = 0.5 * std::sqrt(b2);
    q.c = 0.25 * (r[0][1] + r[1][0]) / q.b;
    q.d = 0.25 * (r[0][2] + r[2][0]) / q.b;
    a = 0.25 * (r[2][1] - r[1][2]) / q.b;
  }
  else if (c2 >= d2)
  {
    q.c = 0.5 * std::sqrt(c2);
    q.b = 0.25 * (r[0][1] + r[1][0]) / q.c;
    q.d = 0.25 * (r[1][2] + r[2][1]) / q.c;
    a = 0.25 * (r[0][2] - r[2][0]) / q.c;
  }
  else
  {
    q.d = 0.5 * std::sqrt(d2);
    q.b = 0.25 * (r[0][2] + r[2][0]) / q.d;
    q.c = 0.25 * (r[1][2] + r[2][1]) / q.d;
    a = 0.25 * (r[1][0] - r[0][1]) / q.d;
  }
  if (a < 0.0)
  {
    q.b = -q.b;
    q.c = -q.c;
    q.d = -q.d;
  }
  return q;
}

std::array<std::int64_t, 8>
NiftiDimensions(const VolumeHeader & header)
{
  std::array<std::int64_t, 8> dim{3, 1, 1, 1, 1, 1, 1, 1};
  for (int axis = 0; axis < 3; ++axis)
  {
    dim[axis + 1] = static_cast<std::int64_t>(header.size[axis]);
  }
  dim[4] = static_cast<std::int64_t>(header.volumes);
  dim[5] = static_cast<std::int64_t>(header.components);
  dim[0] = header.components > 1 ? 5 : header.volumes > 1 ? 4 : 3;
  return dim;
}

void
StoreText(Bytes & bytes, std::size_t offset, std::string_view text)
{
  std::memcpy(bytes.data() + offset, text.data(), text.size());
}

Bytes
BuildVersion1(const VolumeHeader & header, const Matrix4 & ras, const Quaternion & q)
{
  Bytes bytes(Nifti1HeaderBytes + 4);
  StoreNumber<std::int32_t>(bytes, 0, Nifti1HeaderBytes);
  const auto dim = NiftiDimensions(header);
  const double pixdim[8] = {q.qfac, q.spacing[0], q.spacing[1], q.spacing[2], 1, 1, 1, 1};
  for (std::size_t i = 0; i < 8; ++i)
  {
    StoreNumber(bytes, 40 + 2 * i, static_cast<std::int16_t>(dim[i]));
    StoreNumber(bytes, 76 + 4 * i, static_cast<float>(pixdim[i]));
  }
  StoreNumber<std::int16_t>(bytes, 68, header.components > 1 ? 1007 : 0);
  StoreNumber(bytes, 70, static_cast<std::int16_t>(NiftiTypeCode(header.voxelType)));
  StoreNumber(bytes, 72, static_cast<std::int16_t>(8 * SizeOf(header.voxelType)));
  StoreNumber(bytes, 108, static_cast<float>(bytes.size()));
  StoreNumber(bytes, 112, static_cast<float>(header.slope));
  StoreNumber(bytes, 116, static_cast<float>(header.intercept));
  StoreNumber<std::uint8_t>(bytes, 123, 2); // mm
  StoreText(bytes, 148, "Sulcus");
  StoreNumber<std::int16_t>(bytes, 252, 1);
  StoreNumber<std::int16_t>(bytes, 254, 1);
  const double quaternion[3] = {q.b, q.c, q.d};
  for (std::size_t row = 0; row < 3; ++row)
  {
    StoreNumber(bytes, 256 + 4 * row, static_cast<float>(quaternion[row]));
    StoreNumber(bytes, 268 + 4 * row, static_cast<float>(ras[row][3]));
    for (std::size_t column = 0; column < 4; ++column)
    {
      StoreNumber(bytes, 280 + 16 * row + 4 * column, static_cast<float>(ras[row][column]));
    }
  }
  StoreText(bytes, 344, std::string_view("n+1\0", 4));
  return bytes;
}

Bytes
BuildVersion2(const VolumeHeader & header, const Matrix4 & ras, const Quaternion & q)
{
  Bytes bytes(Nifti2HeaderBytes + 4);
  StoreNumber<std::int32_t>(bytes, 0, Nifti2HeaderBytes);
  StoreText(bytes, 4, std::string_view("n+2\0\r\n\x1a\n", 8));
  StoreNumber(bytes, 12, static_cast<std::int16_t>(NiftiTypeCode(header.voxelType)));
  StoreNumber(bytes, 14, static_cast<std::int16_t>(8 * SizeOf(header.voxelType)));
  const auto dim = NiftiDimensions(header);
  const double pixdim[8] = {q.qfac, q.spacing[0], q.spacing[1], q.spacing[2], 1, 1, 1, 1};
  for (std::size_t i = 0; i < 8; ++i)
  {
    StoreNumber(bytes, 16 + 8 * i, dim[i]);
    StoreNumber(bytes, 104 + 8 * i, pixdim[i]);
  }
  StoreNumber(bytes, 168, static_cast<std::int64_t>(bytes.size()));
  StoreNumber(bytes, 176, header.slope);
  StoreNumber(bytes, 184, header.intercept);
  StoreText(bytes, 240, "Sulcus");
  StoreNumber<std::int32_t>(bytes, 344, 1);
  StoreNumber<std::int32_t>(bytes, 348, 1);
  const double quaternion[3] = {q.b, q.c, q.d};
  for (std::size_t row = 0; row < 3; ++row)
  {
    StoreNumber(bytes, 352 + 8 * row, quaternion[row]);
    StoreNumber(bytes, 376 + 8 * row, ras[row][3]);
    for (std::size_t column = 0; column < 4; ++column)
    {
      StoreNumber(bytes, 400 + 32 * row + 8 * column, ras[row][column]);
    }
  }
  StoreNumber<std::int32_t>(bytes, 500, 2);
  StoreNumber<std::int32_t>(bytes, 504, header.components > 1 ? 1007 : 0);
  return bytes;
}

} // namespace

Bytes
BuildNiftiHeader(const VolumeHeader & header)
{
  const auto ras = FlipRasLps(header.lpsFromIndex);
  const auto q = QuaternionOf(ras);
  const auto dim = NiftiDimensions(header);
  const bool large = *std::max_element(dim.begin(), dim.end()) > 32767;
  return large ? BuildVersion2(header, ras, q) : BuildVersion1(header, ras, q);
}

} // namespace sulcus
