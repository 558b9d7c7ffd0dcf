// Time of one mosaic of a 256³ case, in memory. Usage: sulcusMosaicBenchmark [threads]
#include "sulcusFoldedBrain.h"
#include <sulcusMosaic.h>
#include <sulcusRunRecord.h>
#include <sulcusThreads.h>

#include <cstdio>
#include <ctime>

int
main(int argc, char ** argv)
{
  sulcus::SetThreadCount(argc > 1 ? std::atoi(argv[1]) : 1);
  const auto labels = sulcus::FoldedBrain();
  const auto image = sulcus::NewImage<sulcus::FloatImage>(sulcus::GridOf(labels.GetPointer()));
  for (std::size_t p = 0; p < (std::size_t{1} << 24U); ++p)
  {
    image->GetBufferPointer()[p] =
        static_cast<float>(300 * labels->GetBufferPointer()[p] + (p * 2654435761U >> 24U) % 97);
  }
  const sulcus::SliceLayers one{.image = image, .labels = labels};
  sulcus::SliceLayers many = one;
  many.reference = labels;
  many.annotators = {{"A", labels}, {"B", labels}, {"C", labels}};
  for (int round = 0; round < 3; ++round)
  {
    const sulcus::Stopwatch first;
    const auto cpu = std::clock();
    const auto png = sulcus::MosaicPng(one);
    const double seconds = first.Seconds();
    const double cpuSeconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    const sulcus::Stopwatch second;
    sulcus::MosaicPng(many);
    std::printf(
        "labels: %.3f s (cpu %.3f s), %zu bytes; with reference and three annotators: %.3f s\n",
        seconds,
        cpuSeconds,
        png.size(),
        second.Seconds());
  }
}
