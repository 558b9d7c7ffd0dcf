// ITK's STAPLE filters on the maps of sulcusAnnotatorMaps.h.
//   peerItkStapleBenchmark binary|multi N RATERS LABELS [FILE]
// Prints: program, rule, n, raters, labels, seconds, seconds of processor time,
// iterations. FILE receives the probabilities
// (floats) or labels (bytes) as raw numbers, for the comparison by sulcusStapleBenchmark.
#include "sulcusAnnotatorMaps.h"

#include <itkMultiLabelSTAPLEImageFilter.h>
#include <itkSTAPLEImageFilter.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

namespace
{

template <typename TFilter>
void
Run(const std::string & rule, int argc, char ** argv)
{
  const auto n = static_cast<unsigned>(std::atoi(argv[2]));
  const auto raters = static_cast<unsigned>(std::atoi(argv[3]));
  const auto labels = static_cast<unsigned>(std::atoi(argv[4]));
  const auto images = maps::Make(n, raters, labels, 1.5, 0.0);
  auto filter = TFilter::New();
  for (unsigned r = 0; r < raters; ++r)
  {
    filter->SetInput(r, images[r]);
  }
  if constexpr (requires { filter->SetForegroundValue(1); })
  {
    filter->SetForegroundValue(1);
  }
  const auto start = std::chrono::steady_clock::now();
  const auto startOfWork = std::clock();
  filter->Update();
  const double work = double(std::clock() - startOfWork) / CLOCKS_PER_SEC;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  unsigned iterations = 0;
  if constexpr (requires { filter->GetElapsedNumberOfIterations(); })
  {
    iterations = filter->GetElapsedNumberOfIterations() + 1;
  }
  else
  {
    iterations = filter->GetElapsedIterations() + 1;
  }
  std::printf("itk\t%s\t%u\t%u\t%u\t%.4f\t%.4f\t%u\n",
              rule.c_str(),
              n,
              raters,
              labels,
              seconds,
              work,
              iterations);
  if (argc > 5)
  {
    const auto * output = filter->GetOutput();
    const auto count = output->GetBufferedRegion().GetNumberOfPixels();
    std::ofstream(argv[5], std::ios::binary)
        .write(reinterpret_cast<const char *>(output->GetBufferPointer()),
               static_cast<std::streamsize>(count * sizeof(*output->GetBufferPointer())));
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  const std::string rule = argc > 4 ? argv[1] : "";
  if (rule == "binary")
  {
    Run<itk::STAPLEImageFilter<maps::Bytes, itk::Image<float, 3>>>(rule, argc, argv);
  }
  else if (rule == "multi")
  {
    Run<itk::MultiLabelSTAPLEImageFilter<maps::Bytes>>(rule, argc, argv);
  }
  else
  {
    std::fprintf(stderr, "usage: %s binary|multi N RATERS LABELS [FILE]\n", argv[0]);
    return 2;
  }
  return 0;
}
