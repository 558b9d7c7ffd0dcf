// Reading and writing a 256 x 256 x 256 .nii.gz against ITK's own reader and writer, alternating in
// one run.
#include <sulcusAtomicWrite.h>
#include <sulcusOrientImageFilter.h>
#include <sulcusRandomEngine.h>
#include <sulcusSafeRead.h>
#include <sulcusThreads.h>

#include <itkImageFileReader.h>
#include <itkImageFileWriter.h>
#include <itkNiftiImageIO.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <unistd.h>
#include <vector>

using namespace sulcus;

namespace
{

constexpr int Rounds = 5;

using Int16Image = itk::Image<std::int16_t, 3>;

double
Seconds(const std::function<void()> & work)
{
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double
Median(std::vector<double> values)
{
  std::nth_element(values.begin(),
                   values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

/** A head-like ball with smooth texture and scanner noise in an empty frame, as 12-bit whole
 * numbers. */
FloatImage::Pointer
MakeVolume(std::size_t edge)
{
  ImageGrid grid;
  grid.size = {{edge, edge, edge}};
  grid.direction.Fill(0.0);
  grid.direction[1][0] = -1.0; // PSR-like storage, so that canonicalising has work to do
  grid.direction[2][1] = -1.0;
  grid.direction[0][2] = 1.0;
  const auto image = NewImage<FloatImage>(grid);
  RandomEngine random(3);
  float * value = image->GetBufferPointer();
  const double half = static_cast<double>(edge) / 2;
  for (std::size_t z = 0; z < edge; ++z)
  {
    for (std::size_t y = 0; y < edge; ++y)
    {
      for (std::size_t x = 0; x < edge; ++x, ++value)
      {
        const double radius = std::hypot(static_cast<double>(x) - half,
                                         static_cast<double>(y) - half,
                                         static_cast<double>(z) - half) /
                              half;
        const double signal = radius < 0.8 ? 600 + 200 * std::sin(0.11 * static_cast<double>(x)) *
                                                       std::cos(0.07 * static_cast<double>(y + z))
                                           : 0;
        const double noise = signal > 0 ? random.Normal(0, 25) : std::abs(random.Normal(0, 6));
        *value = static_cast<float>(std::max(0.0, std::round(signal + noise)));
      }
    }
  }
  return image;
}

Int16Image::Pointer
ToInt16(const FloatImage * image)
{
  const auto result = NewImage<Int16Image>(GridOf(image));
  const auto count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  std::copy(
      image->GetBufferPointer(), image->GetBufferPointer() + count, result->GetBufferPointer());
  return result;
}

void
WriteWithItk(const Int16Image * image, const std::string & path)
{
  const auto writer = itk::ImageFileWriter<Int16Image>::New();
  writer->SetInput(image);
  writer->SetFileName(path);
  writer->SetImageIO(itk::NiftiImageIO::New());
  writer->Update();
}

void
ReadWithItk(const std::string & path)
{
  const auto reader = itk::ImageFileReader<FloatImage>::New();
  reader->SetFileName(path);
  reader->SetImageIO(itk::NiftiImageIO::New());
  reader->Update();
}

void
ReadAndCanonicalise(const std::string & path)
{
  const auto loaded = ReadImage(path);
  const auto orient = OrientImageFilter<FloatImage>::New();
  orient->SetInput(loaded.image);
  orient->SetOrientation("LPS");
  orient->Update();
}

} // namespace

int
main(int argc, char ** argv)
{
  const std::size_t edge = argc > 1 ? std::stoul(argv[1]) : 256;
  SetThreadCount(0);
  const std::string folder = argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string();
  const auto theirs = folder + "/sulcus-benchmark-itk.nii.gz";
  const auto ours = folder + "/sulcus-benchmark.nii.gz";
  const auto image = MakeVolume(edge);
  const auto whole = ToInt16(image);
  WriteOptions options;
  options.overwrite = true;
  options.storedType = VoxelType::Int16;
  std::vector<double> writeItk;
  std::vector<double> writeOurs;
  std::vector<double> readItk;
  std::vector<double> readOurs;
  for (int round = 0; round < Rounds; ++round)
  {
    writeItk.push_back(Seconds([&]() { WriteWithItk(whole, theirs); }));
    writeOurs.push_back(Seconds([&]() { WriteImage(ours, image.GetPointer(), options); }));
    readItk.push_back(Seconds([&]() { ReadWithItk(theirs); }));
    readOurs.push_back(Seconds([&]() { ReadAndCanonicalise(theirs); }));
  }
  const double sizeItk = static_cast<double>(std::filesystem::file_size(theirs));
  const double sizeOurs = static_cast<double>(std::filesystem::file_size(ours));
  std::printf("step\titk_s\tsulcus_s\tratio\n");
  std::printf("write %zu^3 .nii.gz (fsync, read back)\t%.3f\t%.3f\t%.2f times faster\n",
              edge,
              Median(writeItk),
              Median(writeOurs),
              Median(writeItk) / Median(writeOurs));
  std::printf("size\t%.1f MB\t%.1f MB\t%.3f\n", sizeItk / 1e6, sizeOurs / 1e6, sizeOurs / sizeItk);
  std::printf("read and canonicalise (ITK: read only)\t%.3f\t%.3f\t%.2f\n",
              Median(readItk),
              Median(readOurs),
              Median(readOurs) / Median(readItk));
  ::unlink(theirs.c_str());
  ::unlink(ours.c_str());
}
