// Entry point for libFuzzer; SULCUS_FUZZ_TARGET is the number of the target (see Fuzz.sh).
#include "sulcusFuzzTargets.h"
#include <sulcusError.h>

#include <cstdint>

extern "C" int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  try
  {
    sulcus::FuzzTargets()[SULCUS_FUZZ_TARGET].run(
        {reinterpret_cast<const std::byte *>(data), size});
  }
  catch (const sulcus::Error &)
  {
    return 0; // a refusal is the expected answer
  }
  return 0;
}
