#pragma once

#include <torch/types.h>

namespace sulcus
{

// The pointwise half of GatedFusion. On the CPU, float and bf16 maps whose size is a multiple of 16
// run in kernels that read and write every tensor once, with the same bits for any number of
// threads; others, and all while ReferenceKernels lives, in LibTorch's own operations.
// Differentiable once. All arguments have one shape [N, C, z, y, x]; results lie channels last.

/** σ(gate) ⊙ input, of the gate's type. */
torch::Tensor
ResetGate(const torch::Tensor & gate, const torch::Tensor & input);

/** state ⊙ (1 − σ(gate)) + max(candidate, 0) ⊙ σ(gate), of the candidate's type. */
torch::Tensor
BlendGate(const torch::Tensor & state, const torch::Tensor & gate, const torch::Tensor & candidate);

} // namespace sulcus
