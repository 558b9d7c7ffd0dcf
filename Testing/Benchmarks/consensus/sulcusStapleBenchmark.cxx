// STAPLE and the vote on the maps of sulcusAnnotatorMaps.h.
//   sulcusStapleBenchmark binary|multi N RATERS LABELS [FILE]   FILE: raw result of the ITK program
//   sulcusStapleBenchmark many N RATERS scattered|borders       3 % contested; same bits checked
// Prints: program, rule, n, raters, labels, seconds and seconds of processor time (of three runs,
// best), iterations, then for a
// FILE the largest difference of probabilities or the share of equal labels.
#include "sulcusAnnotatorMaps.h"
#include <sulcusMultiLabelStapleImageFilter.h>
#include <sulcusStapleImageFilter.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <numeric>
#include <string>

namespace
{

using namespace sulcus;
using Images = std::vector<maps::Bytes::Pointer>;
using Probability = itk::Image<float, 3>;
using BinaryFilter = StapleImageFilter<maps::Bytes, Probability>;
using MultiFilter = MultiLabelStapleImageFilter<maps::Bytes>;

struct Timed
{
  double seconds = 1e9;
  double work = 1e9; ///< processor time of all threads
  int iterations = 0;
};

template <typename TFilter>
typename TFilter::Pointer
Run(const Images & images, Timed & timed)
{
  auto filter = TFilter::New();
  for (unsigned r = 0; r < images.size(); ++r)
  {
    filter->SetAnnotation(r, images[r]);
  }
  const auto start = std::chrono::steady_clock::now();
  const auto startOfWork = std::clock();
  filter->Update();
  timed.work = std::min(timed.work, double(std::clock() - startOfWork) / CLOCKS_PER_SEC);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  timed.seconds = std::min(timed.seconds, seconds);
  timed.iterations = filter->Estimate().iterations;
  return filter;
}

template <typename TImage>
std::vector<typename TImage::PixelType>
ReadRaw(const char * path, const TImage * like)
{
  std::vector<typename TImage::PixelType> values(like->GetBufferedRegion().GetNumberOfPixels());
  std::ifstream stream(path, std::ios::binary);
  stream.read(reinterpret_cast<char *>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(values[0])));
  if (!stream)
  {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    std::exit(3);
  }
  return values;
}

template <typename TFilter>
void
Compare(const std::string & rule, int argc, char ** argv)
{
  const auto n = static_cast<unsigned>(std::atoi(argv[2]));
  const auto raters = static_cast<unsigned>(std::atoi(argv[3]));
  const auto labels = static_cast<unsigned>(std::atoi(argv[4]));
  const auto images = maps::Make(n, raters, labels, 1.5, 0.0);
  Timed timed;
  typename TFilter::Pointer filter;
  for (int run = 0; run < 3; ++run)
  {
    filter = Run<TFilter>(images, timed);
  }
  std::printf("sulcus\t%s\t%u\t%u\t%u\t%.4f\t%.4f\t%d",
              rule.c_str(),
              n,
              raters,
              labels,
              timed.seconds,
              timed.work,
              timed.iterations);
  if (argc > 5)
  {
    const auto * output = filter->GetOutput();
    const auto theirs = ReadRaw(argv[5], output);
    double difference = 0.0;
    std::size_t equal = 0;
    for (std::size_t p = 0; p < theirs.size(); ++p)
    {
      const auto own = output->GetBufferPointer()[p];
      difference = std::max(difference, std::abs(double(own) - double(theirs[p])));
      equal += own == theirs[p];
    }
    std::printf(
        "\tlargest difference %.3g\tequal %.9f", difference, double(equal) / double(theirs.size()));
  }
  std::printf("\n");
}

double
ContestedShare(const Images & images)
{
  const auto count = images[0]->GetBufferedRegion().GetNumberOfPixels();
  std::size_t contested = 0;
  for (std::size_t p = 0; p < count; ++p)
  {
    contested +=
        std::any_of(images.begin(),
                    images.end(),
                    [&](const auto & image)
                    { return image->GetBufferPointer()[p] != images[0]->GetBufferPointer()[p]; });
  }
  return double(contested) / double(count);
}

bool
SameBits(const Probability * a, const Probability * b)
{
  const auto count = a->GetBufferedRegion().GetNumberOfPixels();
  return std::equal(a->GetBufferPointer(), a->GetBufferPointer() + count, b->GetBufferPointer());
}

void
ManyRaters(char ** argv)
{
  const auto n = static_cast<unsigned>(std::atoi(argv[2]));
  const auto raters = static_cast<unsigned>(std::atoi(argv[3]));
  const bool scattered = std::string(argv[4]) == "scattered";
  auto images = maps::Make(n, raters, 2, scattered ? 0.0 : 0.011 * n, scattered ? 0.03 : 0.0);
  Timed timed;
  BinaryFilter::Pointer filter;
  for (int run = 0; run < 3; ++run)
  {
    filter = Run<BinaryFilter>(images, timed);
  }
  bool same = true;
  Timed ignored;
  for (const int threads : {1, 3})
  {
    SetThreadCount(threads);
    std::rotate(images.begin(), images.begin() + 7 % images.size(), images.end());
    same = same && SameBits(filter->GetOutput(), Run<BinaryFilter>(images, ignored)->GetOutput());
  }
  std::printf(
      "sulcus\tmany %s\t%u\t%u\t2\t%.4f\t%.4f\t%d\tcontested %.4f\tsame bits for other threads and "
      "orders: %s\n",
      argv[4],
      n,
      raters,
      timed.seconds,
      timed.work,
      timed.iterations,
      ContestedShare(images),
      same ? "yes" : "NO");
}

} // namespace

int
main(int argc, char ** argv)
{
  const std::string rule = argc > 4 ? argv[1] : "";
  if (rule == "binary")
  {
    Compare<BinaryFilter>(rule, argc, argv);
  }
  else if (rule == "multi")
  {
    Compare<MultiFilter>(rule, argc, argv);
  }
  else if (rule == "many")
  {
    ManyRaters(argv);
  }
  else
  {
    std::fprintf(stderr, "usage: %s binary|multi|many N RATERS LABELS [FILE]\n", argv[0]);
    return 2;
  }
  return 0;
}
