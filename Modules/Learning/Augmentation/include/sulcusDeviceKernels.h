#pragma once

#include "sulcusResampling.h"

#include <torch/types.h>

#include <array>
#include <string>

namespace sulcus
{

/** Geometric resampling of a float tensor [C, z, y, x] onto a patch, on the tensor's device: own
 * loops on the CPU, a CUDA kernel on a GPU. Both follow SamplePatch and agree to about 1e-4 of the
 * range of values. \throws UsageError for another shape or type; ResourceError if the tensor is on
 * a GPU and the library of CUDA kernels is not there (see CudaKernelsMissing). */
torch::Tensor
ResampleVolume(const torch::Tensor & image,
               const ResampleMap & map,
               const std::array<std::int64_t, 3> & patchSize,
               const BorderRule & border);

/** Adds one window of predictions to a running weighted sum, on the tensors' device:
 * sum[:, window] += importance · prediction and weight[window] += importance. Windows that overlap
 * must be added one after another; the order is the caller's and decides the last bits.
 * \param sum float [K, z, y, x] \param weight float [z, y, x] \param prediction float [K, a, b, c]
 * \param importance float [a, b, c] \param begin first voxel of the window (z, y, x)
 * \throws UsageError if shapes, types or devices do not fit or the window is not inside;
 * ResourceError as above. */
void
BlendWindow(torch::Tensor & sum,
            torch::Tensor & weight,
            const torch::Tensor & prediction,
            const torch::Tensor & importance,
            const std::array<std::int64_t, 3> & begin);

/** Why the library of CUDA kernels cannot be used, empty if it can. It is built with
 * -DSULCUS_CUDA=ON and looked for in $SULCUS_CUDA_KERNELS, beside the program, in ../lib of it and
 * in the build folder. */
std::string
CudaKernelsMissing();

} // namespace sulcus
