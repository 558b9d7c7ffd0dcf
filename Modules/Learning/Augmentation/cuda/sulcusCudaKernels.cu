#include "sulcusCudaKernels.h"

#include <cuda_runtime.h>

namespace
{

constexpr int threadsPerBlock = 256;

struct CubicTaps
{
  int first;
  float weight[4];
};

__device__ CubicTaps
LocateControls(int voxel, int size, int count)
{
  const float intervals = static_cast<float>(count - 3);
  const float last = static_cast<float>(size > 1 ? size - 1 : 1);
  const float u = fminf(static_cast<float>(voxel) / last, 1.0f) * intervals;
  CubicTaps taps;
  taps.first = min(static_cast<int>(u), count - 4);
  const float t = u - static_cast<float>(taps.first);
  const float r = 1.0f - t;
  taps.weight[0] = r * r * r / 6.0f;
  taps.weight[1] = (3.0f * t * t * t - 6.0f * t * t + 4.0f) / 6.0f;
  taps.weight[2] = (3.0f * r * r * r - 6.0f * r * r + 4.0f) / 6.0f;
  taps.weight[3] = t * t * t / 6.0f;
  return taps;
}

/** The cubic B-spline displacement of one patch voxel, added to its position (x, y, z). */
__device__ void
AddDisplacement(const SulcusCudaResampling & what, int z, int y, int x, float position[3])
{
  const int * count = what.controlCount;
  const CubicTaps tapsZ = LocateControls(z, what.targetSize[0], count[0]);
  const CubicTaps tapsY = LocateControls(y, what.targetSize[1], count[1]);
  const CubicTaps tapsX = LocateControls(x, what.targetSize[2], count[2]);
  for (int component = 0; component < 3; ++component)
  {
    float sum = 0.0f;
    for (int k = 0; k < 4; ++k)
    {
      for (int j = 0; j < 4; ++j)
      {
        const float * row =
            what.controls +
            ((component * count[0] + tapsZ.first + k) * count[1] + tapsY.first + j) * count[2] +
            tapsX.first;
        float line = 0.0f;
        for (int i = 0; i < 4; ++i)
        {
          line += tapsX.weight[i] * row[i];
        }
        sum += tapsZ.weight[k] * tapsY.weight[j] * line;
      }
    }
    position[component] += sum;
  }
}

/** Lowest corner, fraction towards the next voxel and whether the position is beyond the source. */
__device__ int
LocateVoxel(float position, int size, float & fraction, bool & outside)
{
  const float last = static_cast<float>(size - 1);
  outside = outside || position < -0.5f || position > last + 0.5f;
  const float inside = fminf(fmaxf(position, 0.0f), last);
  const int base = min(static_cast<int>(inside), size > 1 ? size - 2 : 0);
  fraction = inside - static_cast<float>(base);
  return base;
}

__global__ void
Resample(const float * __restrict__ source, float * __restrict__ target, SulcusCudaResampling what)
{
  const int64_t voxels =
      static_cast<int64_t>(what.targetSize[0]) * what.targetSize[1] * what.targetSize[2];
  const int64_t voxel = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (voxel >= voxels)
  {
    return;
  }
  const int x = static_cast<int>(voxel % what.targetSize[2]);
  const int y = static_cast<int>(voxel / what.targetSize[2] % what.targetSize[1]);
  const int z =
      static_cast<int>(voxel / (static_cast<int64_t>(what.targetSize[2]) * what.targetSize[1]));
  float position[3];
  for (int axis = 0; axis < 3; ++axis)
  {
    const double * m = what.matrix + 4 * axis;
    position[axis] = static_cast<float>(m[1] * y + m[2] * z + m[3]) +
                     static_cast<float>(m[0]) * static_cast<float>(x);
  }
  if (what.controlCount[0] > 0)
  {
    AddDisplacement(what, z, y, x, position);
  }
  const int sizeX = what.sourceSize[2];
  const int sizeY = what.sourceSize[1];
  const int sizeZ = what.sourceSize[0];
  float fx, fy, fz;
  bool outside = false;
  const int x0 = LocateVoxel(position[0], sizeX, fx, outside);
  const int y0 = LocateVoxel(position[1], sizeY, fy, outside);
  const int z0 = LocateVoxel(position[2], sizeZ, fz, outside);
  const int64_t stepX = sizeX > 1 ? 1 : 0;
  const int64_t stepY = sizeY > 1 ? sizeX : 0;
  const int64_t stepZ = sizeZ > 1 ? static_cast<int64_t>(sizeX) * sizeY : 0;
  const int64_t sourceVoxels = static_cast<int64_t>(sizeX) * sizeY * sizeZ;
  const int64_t offset = (static_cast<int64_t>(z0) * sizeY + y0) * sizeX + x0;
  for (int channel = 0; channel < what.channels; ++channel)
  {
    const float * corner = source + channel * sourceVoxels + offset;
    const auto alongX = [&](int64_t at)
    { return corner[at] + fx * (corner[at + stepX] - corner[at]); };
    const float c0 = alongX(0) + fy * (alongX(stepY) - alongX(0));
    const float c1 = alongX(stepZ) + fy * (alongX(stepZ + stepY) - alongX(stepZ));
    const float value = c0 + fz * (c1 - c0);
    target[channel * voxels + voxel] = outside && what.replicate == 0 ? what.outside : value;
  }
}

__global__ void
Blend(float * __restrict__ sum,
      float * __restrict__ weight,
      const float * __restrict__ prediction,
      const float * __restrict__ importance,
      SulcusCudaBlending what)
{
  const int64_t voxels = what.windowSize[0] * what.windowSize[1] * what.windowSize[2];
  const int64_t voxel = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (voxel >= voxels)
  {
    return;
  }
  const int64_t x = voxel % what.windowSize[2] + what.begin[2];
  const int64_t y = voxel / what.windowSize[2] % what.windowSize[1] + what.begin[1];
  const int64_t z = voxel / (what.windowSize[2] * what.windowSize[1]) + what.begin[0];
  const int64_t at = (z * what.sumSize[1] + y) * what.sumSize[2] + x;
  const int64_t sumVoxels = what.sumSize[0] * what.sumSize[1] * what.sumSize[2];
  weight[at] += importance[voxel];
  for (int k = 0; k < what.classes; ++k)
  {
    sum[k * sumVoxels + at] += importance[voxel] * prediction[k * voxels + voxel];
  }
}

unsigned
BlocksFor(int64_t voxels)
{
  return static_cast<unsigned>((voxels + threadsPerBlock - 1) / threadsPerBlock);
}

} // namespace

extern "C" int
SulcusCudaKernelsVersion(void)
{
  return sulcusCudaKernelsVersion;
}

extern "C" int
SulcusCudaResample(const float * source, float * target, const SulcusCudaResampling * what)
{
  const int64_t voxels =
      static_cast<int64_t>(what->targetSize[0]) * what->targetSize[1] * what->targetSize[2];
  Resample<<<BlocksFor(voxels), threadsPerBlock>>>(source, target, *what);
  return static_cast<int>(cudaGetLastError());
}

extern "C" int
SulcusCudaBlend(float * sum,
                float * weight,
                const float * prediction,
                const float * importance,
                const SulcusCudaBlending * what)
{
  const int64_t voxels = what->windowSize[0] * what->windowSize[1] * what->windowSize[2];
  Blend<<<BlocksFor(voxels), threadsPerBlock>>>(sum, weight, prediction, importance, *what);
  return static_cast<int>(cudaGetLastError());
}
