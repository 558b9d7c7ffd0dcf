#pragma once

#include <stdint.h>

/** What the library of CUDA kernels exports: plain C, device pointers, the default stream. Every
 * function returns 0 or the cudaError of the launch. */
extern "C"
{
  /** Must equal sulcusCudaKernelsVersion of the caller's header. */
  int
  SulcusCudaKernelsVersion(void);

  struct SulcusCudaResampling
  {
    int32_t channels;
    int32_t sourceSize[3]; ///< z, y, x
    int32_t targetSize[3];
    double matrix[12];       ///< row-major, points x, y, z
    int32_t controlCount[3]; ///< z, y, x; 0: no displacement
    const float * controls;  ///< device, [3, count z, count y, count x]
    int32_t replicate;
    float outside;
  };

  int
  SulcusCudaResample(const float * source, float * target, const SulcusCudaResampling * what);

  struct SulcusCudaBlending
  {
    int32_t classes;
    int64_t sumSize[3]; ///< z, y, x
    int64_t windowSize[3];
    int64_t begin[3];
  };

  int
  SulcusCudaBlend(float * sum,
                  float * weight,
                  const float * prediction,
                  const float * importance,
                  const SulcusCudaBlending * what);
}

enum
{
  sulcusCudaKernelsVersion = 1
};
