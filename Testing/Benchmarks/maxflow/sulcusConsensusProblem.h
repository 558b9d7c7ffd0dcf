#pragma once

#include <sulcusGridFlow.h>
#include <sulcusRandomEngine.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

namespace sulcus::benchmark
{

/** The integer max-flow problem of a two-label consensus of five raters on an n^3 image: log-odds
 * of the votes as unaries, contrast-weighted capacities between 6-neighbours looked up by
 * grey-level difference. All programs of this benchmark solve exactly this problem. */
class ConsensusProblem : public GridCapacities
{
public:
  ConsensusProblem(std::size_t n, double lambda) : size{n, n, n}, image(n * n * n), unary(n * n * n)
  {
    constexpr double scale = 1024.0;
    ParallelFor(n,
                [&](std::size_t begin, std::size_t end)
                {
                  for (std::size_t z = begin; z < end; ++z)
                  {
                    MakeSlice(z, scale);
                  }
                });
    MakeTable(lambda, scale);
  }

  std::uint32_t
  Maximum(unsigned) const override
  {
    return table[0];
  }

  void
  Row(unsigned step,
      std::size_t first,
      std::size_t count,
      std::uint32_t * forward,
      std::uint32_t * backward) const override
  {
    const std::size_t offset = step == 0 ? 1 : step == 1 ? size[0] : size[0] * size[1];
    for (std::size_t i = 0; i < count; ++i)
    {
      forward[i] = backward[i] = Capacity(first + i, first + i + offset);
    }
  }

  std::uint32_t
  Capacity(std::size_t p, std::size_t q) const
  {
    return table[static_cast<std::size_t>(std::abs(int(image[p]) - int(image[q])))];
  }

  GridFlowProblem
  Problem() const
  {
    return {size, 6, unary, this};
  }

  GridSize size;
  std::vector<std::uint8_t> image;
  std::vector<std::int32_t> unary;
  std::array<std::uint32_t, 256> table{};

private:
  /** Signed distance-like function of three overlapping ellipsoids, positive inside. */
  static double
  Inside(double x, double y, double z)
  {
    const auto ellipsoid = [&](double cx, double cy, double cz, double rx, double ry, double rz)
    {
      const double a = (x - cx) / rx;
      const double b = (y - cy) / ry;
      const double c = (z - cz) / rz;
      return (1.0 - std::sqrt(a * a + b * b + c * c)) * std::min({rx, ry, rz});
    };
    return std::max({ellipsoid(0.4, 0.45, 0.5, 0.22, 0.3, 0.25),
                     ellipsoid(0.62, 0.6, 0.45, 0.25, 0.16, 0.2),
                     ellipsoid(0.3, 0.75, 0.65, 0.12, 0.1, 0.14)});
  }

  void
  MakeSlice(std::size_t z, double scale)
  {
    constexpr unsigned raters = 5;
    const std::size_t n = size[0];
    const double voxel = 1.0 / static_cast<double>(n);
    auto random = RandomEngine(7).Fork(z);
    for (std::size_t y = 0; y < n; ++y)
    {
      for (std::size_t x = 0; x < n; ++x)
      {
        const std::size_t p = x + n * (y + n * z);
        const double u = (double(x) + 0.5) * voxel;
        const double v = (double(y) + 0.5) * voxel;
        const double w = (double(z) + 0.5) * voxel;
        const double inside = Inside(u, v, w);
        const double texture = 14.0 * std::sin(40.0 * u + 9.0 * v) * std::cos(37.0 * v - 15.0 * w);
        const double noise = 12.0 * (random.Uniform() + random.Uniform() + random.Uniform() - 1.5);
        image[p] =
            std::uint8_t(std::clamp((inside > 0 ? 150.0 : 100.0) + texture + noise, 0.0, 255.0));
        double votes = 0.0;
        for (unsigned r = 0; r < raters; ++r)
        {
          const double wave = std::sin((11.0 + r) * u + 2.0 * r) +
                              std::sin((13.0 - r) * v + 3.0 * r) +
                              std::sin((9.0 + 2.0 * r) * w + r);
          votes += inside + 0.008 * (wave + 0.4 * (double(r) - 2.0)) > 0.0 ? 1.0 : 0.0;
        }
        constexpr double epsilon = 1e-3;
        unary[p] = std::int32_t(
            std::lround(scale * std::log((votes + epsilon) / (raters - votes + epsilon))));
      }
    }
  }

  void
  MakeTable(double lambda, double scale)
  {
    const std::size_t n = size[0];
    double sum = 0.0;
    std::size_t pairs = 0;
    for (std::size_t p = 0; p + 1 < image.size(); p += 7)
    {
      if ((p + 1) % n != 0)
      {
        const double difference = double(image[p]) - double(image[p + 1]);
        sum += difference * difference;
        ++pairs;
      }
    }
    const double variance = sum / double(pairs);
    for (std::size_t d = 0; d < table.size(); ++d)
    {
      table[d] =
          std::uint32_t(std::lround(lambda * scale * std::exp(-double(d * d) / (2.0 * variance))));
    }
  }
};

/** Resident memory of this process now and at its peak since the last reset, in bytes. */
inline double
StatusBytes(const char * field)
{
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
  {
    if (line.rfind(field, 0) == 0)
    {
      return 1024.0 * std::stod(line.substr(line.find(':') + 1));
    }
  }
  return 0.0;
}

struct Arguments
{
  std::size_t n = 128;
  double lambda = 0.5;
  int repeats = 1;
  int threads = 2;
};

inline Arguments
ReadArguments(int argc, char * argv[])
{
  Arguments arguments;
  arguments.n = argc > 1 ? std::stoul(argv[1]) : arguments.n;
  arguments.lambda = argc > 2 ? std::stod(argv[2]) : arguments.lambda;
  arguments.repeats = argc > 3 ? std::stoi(argv[3]) : arguments.repeats;
  arguments.threads = argc > 4 ? std::stoi(argv[4]) : arguments.threads;
  SetThreadCount(arguments.threads);
  return arguments;
}

/** Times solve(labels) -> flow from unaries to labels (seconds, and seconds of processor time over
 * all threads, which a busy machine distorts less) and prints one line of the table for each
 * repeat. */
template <typename TSolve>
void
Report(const char * name,
       const Arguments & arguments,
       const ConsensusProblem & problem,
       const TSolve & solve)
{
  std::vector<std::uint8_t> labels(problem.unary.size(), 1);
  for (int i = 0; i < arguments.repeats; ++i)
  {
    std::ofstream("/proc/self/clear_refs") << 5;
    const double before = StatusBytes("VmRSS");
    const auto start = std::chrono::steady_clock::now();
    const auto startOfWork = std::clock();
    const auto flow = static_cast<long long>(solve(labels));
    const double work = double(std::clock() - startOfWork) / CLOCKS_PER_SEC;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double bytes = (StatusBytes("VmHWM") - before) / double(labels.size());
    const auto ones = std::count(labels.begin(), labels.end(), 1);
    std::printf("%-16s\t%zu\t%g\t%d\t%.3f\t%.3f\t%.1f\t%.1f\t%lld\t%lld\n",
                name,
                arguments.n,
                arguments.lambda,
                arguments.threads,
                seconds,
                work,
                double(labels.size()) / seconds * 1e-6,
                bytes,
                flow,
                static_cast<long long>(ones));
    std::fflush(stdout);
  }
}

} // namespace sulcus::benchmark
