#pragma once

#include "../cuda/sulcusCudaKernels.h"
#include <string>

namespace sulcus
{

/** The functions of the library of CUDA kernels, loaded on first use. Null where it is not there.
 */
struct CudaLibrary
{
  decltype(&SulcusCudaResample) resample = nullptr;
  decltype(&SulcusCudaBlend) blend = nullptr;
  std::string missing; ///< why it cannot be used; empty if it can
};

const CudaLibrary &
GetCudaLibrary();

} // namespace sulcus
