#pragma once

#include <sulcusConvolution.h>

#include <string>
#include <vector>

namespace sulcus
{

/** How features of the plain and of the erased image are joined. */
enum class GateKind
{
  Full,       ///< published: three k×k×k convolutions 2C -> C
  Factorised, ///< the same cell, each convolution as 1×1×1, k×k×k and 1×1×1 of fewer channels
  Concatenate, ///< ablation: one 1×1×1 convolution of both
  Add          ///< ablation: the sum, without parameters
};

/** Spellings: "full", "factorised", "concatenate", "add". \throws UsageError */
GateKind
GateKindOf(const std::string & name);
const std::vector<std::string> &
GateKindNames();

/** Gated feature fusion (Zhang et al., MICCAI 2021): a GRU-like cell with the plain features e as
 * state and the erased ones h as input,
 *
 *   z_r = σ(W_r * [e; h]),  z_s = σ(W_s * [e; h]),  c = ReLU(W_o * [e; z_r ⊙ h]),
 *   g = e ⊙ (1 − z_s) + c ⊙ z_s.
 *
 * Weights are orthogonal and biases 0 at the start, so the gates begin near 1/2. Full:
 * 3 (2 C² k³ + C) parameters. Factorised: both gates share one chain 2C → 2B → 2B → 2C and the
 * candidate has its own 2C → B → B → C, B = max(8, C/4). */
class GatedFusionImpl : public torch::nn::Module
{
public:
  GatedFusionImpl(std::int64_t channels, const Triple & kernel, GateKind kind);

  /** \param plain e, \param erased h, both [N, C, z, y, x] -> g of the same shape. */
  torch::Tensor
  forward(const torch::Tensor & plain, const torch::Tensor & erased);

  // Full: rows of gateWeight are the reset gate's, then the select gate's.
  torch::Tensor gateWeight;      ///< [2C, 2C, k, k, k]; input channels e, then h
  torch::Tensor candidateWeight; ///< [C, 2C, k, k, k]
  torch::Tensor gateBias;        ///< [2C], full and factorised
  torch::Tensor candidateBias;   ///< [C], full and factorised

private:
  torch::Tensor
  Full(const torch::Tensor & plain, const torch::Tensor & erased) const;
  torch::Tensor
  Factorised(const torch::Tensor & plain, const torch::Tensor & erased) const;

  GateKind m_Kind;
  std::int64_t m_Channels;
  std::int64_t m_Reduced;
  Triple m_Padding;
  // Factorised; products with [e; h] are taken apart so that nothing is copied together.
  torch::Tensor m_ReduceState;      ///< [3B, C]: e -> both gates' and the candidate's chain
  torch::Tensor m_ReduceInput;      ///< [2B, C]: h -> the gates' chain
  torch::Tensor m_ReduceReset;      ///< [B, C]: z_r ⊙ h -> the candidate's chain
  torch::Tensor m_GateSpatial;      ///< [2B, 2B, k, k, k]
  torch::Tensor m_CandidateSpatial; ///< [B, B, k, k, k]
  torch::Tensor m_GateExpand;       ///< [2C, 2B]
  torch::Tensor m_CandidateExpand;  ///< [C, B]
  // Concatenate
  torch::Tensor m_JoinState;
  torch::Tensor m_JoinInput;
  torch::Tensor m_JoinBias;
};
TORCH_MODULE(GatedFusion);

} // namespace sulcus
