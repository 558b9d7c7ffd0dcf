// Replays files, writes the seeds to a folder (--write-seeds FOLDER), or, without any, a fixed
// number of mutations of each target's seed: what CTest runs with any compiler.
#include "sulcusFuzzTargets.h"
#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusRandomEngine.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace
{

constexpr int MutationsPerTarget = 20000;

/** Flips, overwrites, cuts, doubles: one to four changes. */
sulcus::Bytes
Mutate(sulcus::Bytes bytes, sulcus::RandomEngine & random)
{
  const auto changes = random.Integer(1, 4);
  for (int change = 0; change < changes && !bytes.empty(); ++change)
  {
    const auto at =
        static_cast<std::size_t>(random.Integer(0, static_cast<std::int64_t>(bytes.size()) - 1));
    switch (random.Integer(0, 4))
    {
    case 0:
      bytes[at] ^= std::byte{static_cast<std::uint8_t>(1U << random.Integer(0, 7))};
      break;
    case 1:
      bytes[at] = std::byte{static_cast<std::uint8_t>(random.Integer(0, 255))};
      break;
    case 2:
      bytes.resize(at);
      break;
    case 3:
    {
      const auto copy = bytes;
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                   copy.begin(),
                   copy.begin() +
                       static_cast<std::ptrdiff_t>(std::min<std::size_t>(copy.size(), 64)));
      break;
    }
    default:
      for (std::size_t i = at; i < std::min(bytes.size(), at + 4); ++i)
      {
        bytes[i] = std::byte{0xFF};
      }
      break;
    }
  }
  return bytes;
}

/** \returns whether the bytes were accepted; anything but a sulcus::Error ends the program. */
bool
Accepts(const sulcus::FuzzTarget & target, const sulcus::Bytes & bytes)
{
  try
  {
    target.run(bytes);
    return true;
  }
  catch (const sulcus::Error &)
  {
    return false;
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  if (argc == 3 && std::string(argv[1]) == "--write-seeds")
  {
    for (const auto & target : sulcus::FuzzTargets())
    {
      const auto bytes = target.seed();
      sulcus::AtomicWriteBytes(
          std::string(argv[2]) + "/" + target.name, bytes, sulcus::Overwrite::Allow);
    }
    return 0;
  }
  for (int i = 1; i < argc; ++i)
  {
    const auto bytes = sulcus::ReadWholeFile(argv[i]);
    for (const auto & target : sulcus::FuzzTargets())
    {
      Accepts(target, bytes);
    }
  }
  if (argc > 1)
  {
    return 0;
  }
  const char * const seedText = std::getenv("SEED");
  const auto seed = seedText == nullptr ? 1ULL : std::strtoull(seedText, nullptr, 10);
  std::printf("SEED=%llu\n", seed);
  for (const auto & target : sulcus::FuzzTargets())
  {
    const auto start = target.seed();
    if (!Accepts(target, start))
    {
      std::printf("%s: the sound seed is refused\n", target.name.c_str());
      return 1;
    }
    sulcus::RandomEngine random(seed);
    int accepted = 0;
    for (int i = 0; i < MutationsPerTarget; ++i)
    {
      accepted += Accepts(target, Mutate(start, random)) ? 1 : 0;
    }
    std::printf(
        "%s: %d mutations, %d accepted\n", target.name.c_str(), MutationsPerTarget, accepted);
  }
  return 0;
}
