#include "sulcusMemory.h"

#include "sulcusError.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <sys/resource.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace sulcus
{

std::uint64_t
PeakMemory()
{
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t
AvailableMemory()
{
  std::uint64_t available = std::numeric_limits<std::uint64_t>::max();
  std::ifstream info("/proc/meminfo");
  std::string key;
  std::uint64_t kilobytes = 0;
  std::string unit;
  while (info >> key >> kilobytes)
  {
    std::getline(info, unit);
    if (key == "MemAvailable:")
    {
      available = kilobytes * 1024;
    }
  }
  std::ifstream groupLimit("/sys/fs/cgroup/memory.max");
  std::ifstream groupUse("/sys/fs/cgroup/memory.current");
  std::uint64_t limit = 0;
  std::uint64_t used = 0;
  if (groupLimit >> limit && groupUse >> used) // "max" is not a number: no limit
  {
    available = std::min(available, limit > used ? limit - used : 0);
  }
  return available;
}

void
RequireMemory(std::uint64_t bytes, const char * purpose)
{
  const std::uint64_t available = AvailableMemory();
  if (bytes > available)
  {
    throw ResourceError(Message(
        purpose, ": needs ", bytes >> 20, " MiB of memory, ", available >> 20, " MiB are free"));
  }
}

std::uint64_t
CheckedProduct(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
{
  std::uint64_t product = a;
  for (const auto factor : {b, c, d})
  {
    if (__builtin_mul_overflow(product, factor, &product))
    {
      throw InputError("a size is too large (its product overflows 64 bits)");
    }
  }
  return product;
}

void
KeepFreedMemory()
{
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 16 << 20);
#endif
}

} // namespace sulcus
