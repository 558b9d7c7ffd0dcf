#pragma once

#include <torch/types.h>

#include <string>

namespace sulcus
{

/** Number format of convolutions and matrix products. Weights, losses and optimiser state are float
 * in both. */
enum class Precision
{
  Float32,
  BFloat16
};

/** Whether the device has instructions for bf16 products: AVX512_BF16 (with or without AMX) on a
 * CPU, compute capability 8.0 on a GPU. Without them bf16 is slower than float. */
bool
HasFastBFloat16(const torch::Device & device);

/** "fp32", "bf16", or "auto": bf16 where HasFastBFloat16, else fp32.
 * \throws UsageError naming the known spellings. */
Precision
ResolvePrecision(const std::string & name, const torch::Device & device);

const char *
PrecisionName(Precision precision);

/** While it lives, network calls on this thread run under LibTorch's autocast for BFloat16, and
 * without it for Float32. Losses are to be computed after it has gone, in float. Nests; restores
 * what it found, also when an exception passes. Casts of weights are cached until the outermost
 * scope ends. */
class AutocastScope
{
public:
  AutocastScope(Precision precision, const torch::Device & device);
  ~AutocastScope();
  AutocastScope(const AutocastScope &) = delete;
  AutocastScope &
  operator=(const AutocastScope &) = delete;

private:
  torch::DeviceType m_DeviceType;
  bool m_WasEnabled;
  torch::ScalarType m_OldType;
};

} // namespace sulcus
