#include "sulcusDevice.h"

#include <sulcusError.h>
#include <sulcusThreads.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <charconv>
#include <dlfcn.h>
#include <thread>

namespace sulcus
{
namespace
{

/** Opens the driver first: without one, the half-gigabyte GPU library is not touched. Returns why
 * there is no CUDA. */
std::string
OpenCuda()
{
  if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_GLOBAL) == nullptr)
  {
    return "no NVIDIA driver on this machine";
  }
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr)
  {
    const char * reason = dlerror();
    return Message("LibTorch's GPU part could not be opened: ",
                   reason != nullptr ? reason : "unknown reason");
  }
  if (!torch::cuda::is_available())
  {
    return "the driver reports no usable NVIDIA GPU";
  }
  return {};
}

/** Once a process; empty if CUDA can be used. */
const std::string &
WhyNoCuda()
{
  static const std::string reason = OpenCuda();
  return reason;
}

int
DeviceIndex(const std::string & name, const std::string & text)
{
  int index = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc{} || end != text.data() + text.size() || index < 0)
  {
    throw UsageError(Message("device '", name, "': expected auto, cpu, cuda or cuda:<number>"));
  }
  return index;
}

} // namespace

torch::Device
ResolveDevice(const std::string & name)
{
  if (name == "cpu")
  {
    return {torch::kCPU};
  }
  if (name == "auto")
  {
    return WhyNoCuda().empty() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  }
  const bool withIndex = name.rfind("cuda:", 0) == 0;
  if (name != "cuda" && !withIndex)
  {
    throw UsageError(
        Message("unknown device '", name, "': expected auto, cpu, cuda or cuda:<number>"));
  }
  const int index = withIndex ? DeviceIndex(name, name.substr(5)) : 0;
  if (!WhyNoCuda().empty())
  {
    throw ResourceError(
        Message("device '", name, "' was asked for, but ", WhyNoCuda(), "; use --device cpu"));
  }
  const auto count = static_cast<int>(torch::cuda::device_count());
  if (index >= count)
  {
    throw ResourceError(
        Message("device '", name, "' was asked for, but there are only ", count, " GPUs"));
  }
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(index)};
}

void
SetTorchThreads(int count)
{
  const int wanted =
      count > 0 ? count : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  at::set_num_threads(wanted);
  SetThreadCount(wanted);
}

void
UseDeterministicAlgorithms()
{
  auto & context = at::globalContext();
  context.setDeterministicAlgorithms(true, true);
  context.setDeterministicFillUninitializedMemory(false); // costs a pass over every new tensor
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
}

void
SeedTorch(std::uint64_t seed)
{
  torch::manual_seed(seed);
}

} // namespace sulcus
