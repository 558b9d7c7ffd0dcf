#include "sulcusCudaLibrary.h"

#include <sulcusError.h>

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <vector>

namespace sulcus
{
namespace
{

constexpr const char * libraryName = "libsulcus_cuda_kernels.so";

std::vector<std::filesystem::path>
Candidates()
{
  if (const char * named = std::getenv("SULCUS_CUDA_KERNELS"); named != nullptr && *named != '\0')
  {
    return {named};
  }
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<std::filesystem::path> candidates{folder / libraryName,
                                                folder / ".." / "lib" / libraryName};
#ifdef SULCUS_CUDA_KERNELS_BUILT
  candidates.emplace_back(SULCUS_CUDA_KERNELS_BUILT);
#endif
  return candidates;
}

CudaLibrary
Load()
{
  CudaLibrary library;
  std::error_code error;
  for (const auto & path : Candidates())
  {
    if (!std::filesystem::is_regular_file(path, error))
    {
      continue;
    }
    void * handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); // kept for the life of the process
    if (handle == nullptr)
    {
      library.missing = Message(path.string(), ": cannot be loaded (", dlerror(), ")");
      return library;
    }
    const auto version = reinterpret_cast<decltype(&SulcusCudaKernelsVersion)>(
        dlsym(handle, "SulcusCudaKernelsVersion"));
    if (version == nullptr || version() != sulcusCudaKernelsVersion)
    {
      library.missing = Message(path.string(), ": belongs to another version of Sulcus");
      return library;
    }
    library.resample =
        reinterpret_cast<decltype(&SulcusCudaResample)>(dlsym(handle, "SulcusCudaResample"));
    library.blend = reinterpret_cast<decltype(&SulcusCudaBlend)>(dlsym(handle, "SulcusCudaBlend"));
    return library;
  }
  library.missing = Message(libraryName, " is not there; build it with -DSULCUS_CUDA=ON");
  return library;
}

} // namespace

const CudaLibrary &
GetCudaLibrary()
{
  static const CudaLibrary library = Load();
  return library;
}

} // namespace sulcus
