#include "sulcusScanner.h"

#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sulcus
{

namespace
{

constexpr int mostChannels = 4;

/** Mean intensity of each tissue, in the order of Tissue, for T1, T2, FLAIR and PD contrast. */
constexpr double tissueMeans[mostChannels][TissueCount] = {
    {0.01, 0.90, 0.06, 0.16, 0.55, 0.82, 0.66, 0.48, 0.18, 0.34},
    {0.01, 0.60, 0.05, 0.97, 0.62, 0.42, 0.56, 0.68, 0.95, 0.80},
    {0.01, 0.55, 0.05, 0.10, 0.55, 0.42, 0.52, 0.66, 0.12, 0.97},
    {0.01, 0.50, 0.10, 0.75, 0.85, 0.65, 0.80, 0.90, 0.72, 0.95}};

using Rows = std::array<std::array<double, 3>, 3>;

Rows
Multiply(const Rows & a, const Rows & b)
{
  Rows product{};
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 3; ++column)
    {
      for (int k = 0; k < 3; ++k)
      {
        product[row][column] += a[row][k] * b[k][column];
      }
    }
  }
  return product;
}

/** Rotation by an angle about a random axis (Rodrigues). */
Rows
DrawTilt(RandomEngine & random, double largestInDegrees)
{
  std::array<double, 3> axis{random.Normal(), random.Normal(), random.Normal()};
  const double length = std::hypot(axis[0], axis[1], axis[2]);
  for (double & value : axis)
  {
    value /= length;
  }
  const double angle =
      random.Uniform(0.3 * largestInDegrees, largestInDegrees) * std::numbers::pi / 180.0;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const auto [x, y, z] = axis;
  return {{{c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s},
           {y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s},
           {z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)}}};
}

/** Columns are the unit vectors of index axes that run towards the given body sides. */
Rows
AxesOf(const std::string & orientation)
{
  const std::string positive = "LPS";
  const std::string negative = "RAI";
  Rows axes{};
  for (std::size_t column = 0; column < 3; ++column)
  {
    const auto up = positive.find(orientation[column]);
    const auto down = negative.find(orientation[column]);
    if (up != std::string::npos)
    {
      axes[up][column] = 1.0;
    }
    else if (down != std::string::npos)
    {
      axes[down][column] = -1.0;
    }
  }
  return axes;
}

/** A grid whose centre lies within 1 mm of the centre of the head. */
ImageGrid
DrawGrid(const SiteProfile & site, double fieldOfViewInMm, RandomEngine & random)
{
  const Rows axes = Multiply(DrawTilt(random, site.largestTiltInDegrees), AxesOf(site.orientation));
  ImageGrid grid;
  for (int axis = 0; axis < 3; ++axis)
  {
    grid.spacing[axis] = site.spacingInMm[axis];
    const double extent = fieldOfViewInMm + random.Uniform(-1.0, 2.0);
    grid.size[axis] =
        static_cast<itk::SizeValueType>(std::max(4.0, std::round(extent / grid.spacing[axis])));
  }
  for (int row = 0; row < 3; ++row)
  {
    grid.origin[row] = random.Uniform(-1.0, 1.0);
    for (int column = 0; column < 3; ++column)
    {
      grid.direction[row][column] = axes[row][column];
      grid.origin[row] -= axes[row][column] * grid.spacing[column] *
                          static_cast<double>(grid.size[column] - 1) / 2.0;
    }
  }
  return grid;
}

struct Tissues
{
  std::vector<Anatomy::Fractions> fractions;
  LabelImage::Pointer truth;
};

Tissues
SampleAnatomy(const Anatomy & anatomy, const ImageGrid & grid)
{
  Tissues tissues;
  tissues.fractions.resize(grid.VoxelCount());
  tissues.truth = NewImage<LabelImage>(grid);
  auto * labels = tissues.truth->GetBufferPointer();
  const std::array<std::vector<float>, 3> displacement{anatomy.Deformation()[0].OnGrid(grid),
                                                       anatomy.Deformation()[1].OnGrid(grid),
                                                       anatomy.Deformation()[2].OnGrid(grid)};
  const double width = std::cbrt(grid.spacing[0] * grid.spacing[1] * grid.spacing[2]);
  const std::size_t nx = grid.size[0];
  ParallelFor(grid.size[1] * grid.size[2],
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t i = begin * nx; i < end * nx; ++i)
                {
                  const auto p = grid.PointAt(static_cast<double>(i % nx),
                                              static_cast<double>(i / nx % grid.size[1]),
                                              static_cast<double>(i / nx / grid.size[1]));
                  const auto sample = anatomy.AtDisplaced(
                      {p[0], p[1], p[2]},
                      {displacement[0][i], displacement[1][i], displacement[2][i]},
                      width);
                  tissues.fractions[i] = sample.fractions;
                  labels[i] = static_cast<std::uint16_t>(sample.label);
                }
              });
  return tissues;
}

std::array<double, TissueCount>
SiteMeans(int channel, const SiteProfile & site)
{
  // The site's contrast is a property of the site, not of the scan.
  RandomEngine random = RandomEngine(HashText(site.name)).Fork(static_cast<std::uint64_t>(channel));
  std::array<double, TissueCount> means{};
  for (std::size_t tissue = 0; tissue < TissueCount; ++tissue)
  {
    const double changed = tissueMeans[channel][tissue] *
                           (1.0 + random.Uniform(-site.contrastSpread, site.contrastSpread));
    means[tissue] = std::pow(changed, site.gamma);
  }
  return means;
}

FloatImage::Pointer
RenderChannel(int channel,
              const std::vector<Anatomy::Fractions> & fractions,
              const ImageGrid & grid,
              const SiteProfile & site,
              const ScanOptions & options,
              RandomEngine random)
{
  const auto means = SiteMeans(channel, site);
  const auto bias = SmoothField(random, site.biasAmplitude, 55.0, 12).OnGrid(grid);
  const auto coarse = SmoothField(random, 0.8 * options.texture, 7.0).OnGrid(grid);
  const auto fine = SmoothField(random, 0.6 * options.texture, 3.0, 32).OnGrid(grid);
  auto image = NewImage<FloatImage>(grid);
  auto * voxels = image->GetBufferPointer();
  const std::size_t slice = grid.size[0] * grid.size[1];
  ParallelForEach(grid.size[2],
                  [&](std::size_t z)
                  {
                    RandomEngine noise = random.Fork(z);
                    for (std::size_t i = z * slice; i < (z + 1) * slice; ++i)
                    {
                      double signal = 0.0;
                      for (std::size_t tissue = 0; tissue < TissueCount; ++tissue)
                      {
                        signal += fractions[i][tissue] * means[tissue];
                      }
                      signal *= std::max(0.0F, 1.0F + coarse[i] + fine[i]) * std::exp(bias[i]);
                      const double real = signal + noise.Normal(0.0, site.noise);
                      const double imaginary = noise.Normal(0.0, site.noise);
                      voxels[i] = static_cast<float>(site.gain * std::hypot(real, imaginary));
                    }
                  });
  return image;
}

} // namespace

SiteProfile
MakeSite(int number, const RandomEngine & random)
{
  static const SiteProfile fixed[] = {
      {"north", {1.0, 1.0, 1.0}, "LPS", 6.0, 0.04, 1.0, 1000.0, 0.10, 0.025},
      {"south", {0.9, 0.9, 1.15}, "RAS", 10.0, 0.04, 0.85, 240.0, 0.14, 0.030},
      {"coast", {1.0, 1.1, 1.0}, "PIR", 12.0, 0.04, 1.15, 32000.0, 0.12, 0.035}};
  if (number < 3)
  {
    return fixed[number];
  }
  RandomEngine draw = random.Fork(static_cast<std::uint64_t>(number));
  static const std::vector<std::string> orientations{"LPS", "RAS", "LAS", "PIR", "ASL", "IPL"};
  SiteProfile site;
  site.name = Message("site", number + 1);
  site.spacingInMm = {draw.Uniform(0.85, 1.15), draw.Uniform(0.85, 1.15), draw.Uniform(0.9, 1.3)};
  site.orientation = orientations[draw.Weighted({1, 1, 1, 1, 1, 1})];
  site.gamma = draw.Uniform(0.8, 1.25);
  site.gain = std::pow(10.0, draw.Uniform(1.0, 4.5));
  site.biasAmplitude = draw.Uniform(0.08, 0.16);
  site.noise = draw.Uniform(0.02, 0.045);
  return site;
}

std::string
ChannelName(int channel)
{
  static const char * const names[mostChannels] = {"T1", "T2", "FLAIR", "PD"};
  if (channel < 0 || channel >= mostChannels)
  {
    throw UsageError(
        Message("phantom channel ", channel, " does not exist: there are 0 to ", mostChannels - 1));
  }
  return names[channel];
}

Scan
MakeScan(const Anatomy & anatomy,
         const SiteProfile & site,
         const ScanOptions & options,
         RandomEngine random)
{
  if (options.channels < 1 || options.channels > mostChannels)
  {
    throw UsageError(
        Message("a phantom has 1 to ", mostChannels, " channels, not ", options.channels));
  }
  const auto grid = DrawGrid(site, options.fieldOfViewInMm, random);
  auto tissues = SampleAnatomy(anatomy, grid);
  Scan scan;
  scan.truth = tissues.truth;
  for (int channel = 0; channel < options.channels; ++channel)
  {
    scan.channels.push_back(RenderChannel(
        channel, tissues.fractions, grid, site, options, random.Fork(Message("channel", channel))));
  }
  return scan;
}

} // namespace sulcus
