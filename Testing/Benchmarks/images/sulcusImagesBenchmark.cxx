// Reading and writing a 256 x 256 x 256 .nii.gz against ITK's own reader and writer, alternating in
// one run.
#include <sulcusAtomicWrite.h>
#include <sulcusOrientImageFilter.h>
#include <sulcusRandomEngine.h>
#include <sulcusSafeRead.h>
#include <sulcusThreads.h>
#include <sulcusVolumeFile.h>

#include <itkImageFileReader.h>
#include <itkImageFileWriter.h>
#include <itkNiftiImageIO.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <unistd.h>
#include <vector>

using namespace sulcus;

namespace
{

using Int16Image = itk::Image<std::int16_t, 3>;

/** One step, measured several times: by the clock on the wall, which counts, and by the processor
 * time of all threads, which says where the time goes. */
struct Timing
{
  std::vector<double> wall;
  std::vector<double> processor;

  void
  Measure(const std::function<void()> & work)
  {
    const auto processorStart = std::clock();
    const auto start = std::chrono::steady_clock::now();
    work();
    wall.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    processor.push_back(static_cast<double>(std::clock() - processorStart) / CLOCKS_PER_SEC);
  }
};

double
Median(std::vector<double> values)
{
  std::nth_element(values.begin(),
                   values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

void
Print(const std::string & step, const Timing & timing)
{
  std::printf("%s\t%.3f\t%.3f\n", step.c_str(), Median(timing.wall), Median(timing.processor));
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

/** Reads and brings the axes to LPS order, step by step as ReadImage does. */
struct ReadTimings
{
  Timing file;
  Timing decode;
  Timing orient;
  Timing all;
};

void
ReadAndCanonicalise(const std::string & path, ReadTimings & timings)
{
  timings.all.Measure(
      [&]()
      {
        const auto orient = OrientImageFilter<FloatImage>::New();
        orient->SetInput(ReadImage(path).image);
        orient->SetOrientation("LPS");
        orient->Update();
      });
  VolumeFile file;
  FloatImage::Pointer image;
  timings.file.Measure([&]() { file = ReadVolumeFile(path); });
  timings.decode.Measure(
      [&]()
      {
        image = NewImage<FloatImage>(GridOf(file.header));
        DecodeFloats(file, 0, 0, {image->GetBufferPointer(), file.header.VoxelCount()}, {}, path);
      });
  timings.orient.Measure(
      [&]()
      {
        const auto orient = OrientImageFilter<FloatImage>::New();
        orient->SetInput(image);
        orient->SetOrientation("LPS");
        orient->Update();
      });
}

} // namespace

int
main(int argc, char ** argv)
{
  const std::size_t edge = argc > 1 ? std::stoul(argv[1]) : 256;
  const std::string folder = argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string();
  const int rounds = argc > 3 ? std::stoi(argv[3]) : 5;
  const auto theirs = folder + "/sulcus-benchmark-itk.nii.gz";
  const auto ours = folder + "/sulcus-benchmark.nii.gz";
  const auto image = MakeVolume(edge);
  const auto whole = ToInt16(image);
  WriteOptions options;
  options.overwrite = true;
  options.storedType = VoxelType::Int16;
  Timing writeItk;
  Timing writeOurs;
  Timing readItk;
  ReadTimings readOurs;
  for (int round = 0; round < rounds; ++round)
  {
    writeItk.Measure([&]() { WriteWithItk(whole, theirs); });
    writeOurs.Measure([&]() { WriteImage(ours, image.GetPointer(), options); });
    readItk.Measure([&]() { ReadWithItk(theirs); });
    ReadAndCanonicalise(theirs, readOurs);
  }
  const double sizeItk = static_cast<double>(std::filesystem::file_size(theirs));
  const double sizeOurs = static_cast<double>(std::filesystem::file_size(ours));
  std::printf(
      "step (%zu^3, 16 bit, .nii.gz, %d threads)\twall_s\tprocessor_s\n", edge, GetThreadCount());
  Print("write: ITK", writeItk);
  Print("write: Sulcus (fsync, read back)", writeOurs);
  Print("read: ITK", readItk);
  Print("read and canonicalise: Sulcus", readOurs.all);
  Print("  file to bytes", readOurs.file);
  Print("  bytes to floats", readOurs.decode);
  Print("  canonicalise", readOurs.orient);
  std::printf("write: times faster\t%.2f\t(goal: at least 4)\n",
              Median(writeItk.wall) / Median(writeOurs.wall));
  std::printf("write: size ratio\t%.3f\t(goal: at most 1.1)\n", sizeOurs / sizeItk);
  std::printf("read: time ratio\t%.2f\t(goal: at most 1.0)\n",
              Median(readOurs.all.wall) / Median(readItk.wall));
  ::unlink(theirs.c_str());
  ::unlink(ours.c_str());
}
