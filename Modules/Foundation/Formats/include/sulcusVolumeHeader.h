#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sulcus
{

enum class FileFormat
{
  Unknown,
  Nifti,
  Nrrd,
  MetaImage,
  Mgz,
  Dicom
};

/** How one number of a voxel is stored. */
enum class VoxelType
{
  Int8,
  UInt8,
  Int16,
  UInt16,
  Int32,
  UInt32,
  Int64,
  UInt64,
  Float32,
  Float64
};

std::size_t
SizeOf(VoxelType type);

bool
IsFloatingPoint(VoxelType type);

/** "uint16", "float32", … */
std::string_view
NameOf(VoxelType type);

/** "NIfTI", "NRRD", … */
std::string_view
NameOf(FileFormat format);

/** Row-major 4 x 4 matrix. */
using Matrix4 = std::array<std::array<double, 4>, 4>;

/** What a file says about its voxels, after every check that needs no voxels.
 *
 * A voxel has `components` values; a file holds `volumes` x `size` voxels. `interleaved` tells the
 * order of a vector file: components fastest (NRRD, MetaImage) or slowest (NIfTI). Time series are
 * `volumes`, always slowest. */
struct VolumeHeader
{
  FileFormat format = FileFormat::Unknown;
  std::string formatName; ///< with version, e.g. "NIfTI-1"
  std::array<std::uint64_t, 3> size{1, 1, 1};
  std::uint64_t components = 1;
  std::uint64_t volumes = 1;
  bool interleaved = false;

  VoxelType voxelType = VoxelType::Float32;
  bool bigEndian = false;
  double slope = 1.0; ///< value = stored * slope + intercept
  double intercept = 0.0;

  Matrix4 lpsFromIndex{};     ///< index to millimetres, LPS; checked: finite, axes at right angles
  std::string geometrySource; ///< "sform", "qform", "space directions", …
  double repairedResidualInMm = 0.0; ///< how far a corner moved when the axes were made orthogonal

  bool gzipped = false;
  std::string dataPath;         ///< file that holds the voxels, when it is another one
  std::uint64_t dataOffset = 0; ///< in the (decompressed) stream that holds the voxels

  std::vector<std::pair<std::string, std::string>>
      fields;                        ///< text fields worth keeping (segment names, …)
  std::vector<std::string> warnings; ///< every guess made while reading

  std::uint64_t
  VoxelCount() const; ///< of one volume

  std::uint64_t
  ValueCount() const; ///< of the whole file

  std::uint64_t
  DataBytes() const;
};

/** Which of the two matrices of a NIfTI file places it.
 *
 * `SForm`: sform where its code is set, else qform; a disagreement is a warning. `QForm`: the other
 * way round. `Itk`: what ITK 5.2 does (sform only where it is alone or its code is 1). `Refuse`: a
 * disagreement is an error. */
enum class NiftiTransform
{
  SForm,
  QForm,
  Itk,
  Refuse
};

/** What to do with NaN and Inf. */
enum class NonFinite
{
  Refuse,
  Zero ///< with a warning that counts them
};

/** Every choice a reader would otherwise have to guess. */
struct VolumeReadOptions
{
  NiftiTransform niftiTransform = NiftiTransform::SForm;
  NonFinite nonFinite = NonFinite::Refuse;
  bool allowMissingGeometry =
      false; ///< place a file that has none at the origin, LPS axes, with a warning
  bool fixNonOrthogonal = false;        ///< replace sheared axes by the nearest rotation
  double maximumFixAngleInDegrees = 10; ///< beyond this even the repair is refused
  std::uint64_t memoryBudgetInBytes = std::uint64_t{1} << 36; ///< refuse larger voxel arrays
};

/** Product of sizes. \returns false on overflow of 64 bits. */
bool
MultiplyChecked(std::uint64_t a, std::uint64_t b, std::uint64_t & product);

} // namespace sulcus
