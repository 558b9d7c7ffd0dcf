#include "sulcusPrecision.h"

#include <sulcusError.h>

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/types.h>

namespace sulcus
{
namespace
{

bool
CpuHasBFloat16()
{
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

} // namespace

bool
HasFastBFloat16(const torch::Device & device)
{
  if (device.is_cuda())
  {
    return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8(); // from 8.0
  }
  return device.is_cpu() && CpuHasBFloat16();
}

Precision
ResolvePrecision(const std::string & name, const torch::Device & device)
{
  if (name == "fp32")
  {
    return Precision::Float32;
  }
  if (name == "bf16")
  {
    return Precision::BFloat16;
  }
  if (name == "auto")
  {
    return HasFastBFloat16(device) ? Precision::BFloat16 : Precision::Float32;
  }
  throw UsageError(Message("unknown precision '", name, "': expected auto, fp32 or bf16"));
}

const char *
PrecisionName(Precision precision)
{
  return precision == Precision::BFloat16 ? "bf16" : "fp32";
}

AutocastScope::AutocastScope(Precision precision, const torch::Device & device)
    : m_DeviceType(device.type()), m_WasEnabled(at::autocast::is_autocast_enabled(m_DeviceType)),
      m_OldType(at::autocast::get_autocast_dtype(m_DeviceType))
{
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(m_DeviceType, precision == Precision::BFloat16);
  if (precision == Precision::BFloat16)
  {
    at::autocast::set_autocast_dtype(m_DeviceType, torch::kBFloat16);
  }
}

AutocastScope::~AutocastScope()
{
  if (at::autocast::decrement_nesting() == 0)
  {
    at::autocast::clear_cache();
  }
  at::autocast::set_autocast_enabled(m_DeviceType, m_WasEnabled);
  at::autocast::set_autocast_dtype(m_DeviceType, m_OldType);
}

} // namespace sulcus
