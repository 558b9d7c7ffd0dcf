#pragma once

#include "sulcusCorrectionStep.h"
#include <sulcusRandomEngine.h>

#include <torch/utils.h>

#include <cmath>

namespace sulcus
{

inline NetworkPlan
SmallCorrectionPlan(std::vector<int> widths = {16, 16, 32})
{
  NetworkPlan plan;
  plan.widths = std::move(widths);
  plan.strides.assign(plan.widths.size(), {2, 2, 2});
  plan.strides[0] = {1, 1, 1};
  plan.kernels.assign(plan.widths.size(), {3, 3, 3});
  return plan;
}

/** Textured balls in textured surroundings, about 1.5 against 0 with a blotchy background, and
 * their labels. The ball's brightness varies from sample to sample, so few labels do not tell it
 * all. */
inline Stream
BallStream(std::uint64_t seed, std::int64_t samples, std::int64_t edge)
{
  Stream stream;
  stream.image = torch::empty({samples, 1, edge, edge, edge});
  stream.label = torch::zeros({samples, edge, edge, edge}, torch::kLong);
  for (std::int64_t n = 0; n < samples; ++n)
  {
    auto random = RandomEngine(seed).Fork(static_cast<std::uint64_t>(n));
    const double radius = random.Uniform(0.15, 0.25) * static_cast<double>(edge);
    std::array<double, 3> centre{};
    std::array<double, 3> wave{};
    for (int axis = 0; axis < 3; ++axis)
    {
      centre[axis] = random.Uniform(radius, static_cast<double>(edge) - radius);
      wave[axis] = random.Uniform(0.3, 0.9);
    }
    const double brightness = random.Uniform(0.9, 1.9);
    auto * voxel = stream.image[n].data_ptr<float>();
    auto * label = stream.label[n].data_ptr<std::int64_t>();
    for (std::int64_t z = 0; z < edge; ++z)
    {
      for (std::int64_t y = 0; y < edge; ++y)
      {
        for (std::int64_t x = 0; x < edge; ++x, ++voxel, ++label)
        {
          const std::array<double, 3> place{
              static_cast<double>(z), static_cast<double>(y), static_cast<double>(x)};
          double distance = 0.0;
          double texture = 1.0;
          for (int axis = 0; axis < 3; ++axis)
          {
            distance += (place[axis] - centre[axis]) * (place[axis] - centre[axis]);
            texture *= std::sin(wave[axis] * place[axis]);
          }
          const bool isInside = distance < radius * radius;
          *label = isInside ? 1 : 0;
          *voxel = static_cast<float>((isInside ? brightness : 0.0) + 0.8 * texture +
                                      random.Normal(0.0, 0.2));
        }
      }
    }
    stream.caseIndex.push_back(n);
  }
  return stream;
}

inline CorrectionNetwork
SmallCorrectionNetwork(const CorrectionNetworkOptions & options = {},
                       const NetworkPlan & plan = SmallCorrectionPlan())
{
  return CorrectionNetwork(BuildNetwork(plan, 1), options, 1);
}

/** Makes the coarse and the refined prediction one class everywhere. */
inline void
PredictEverywhere(CorrectionNetwork & network, double foregroundLogit)
{
  const torch::NoGradGuard noGradient;
  for (auto & item : network->named_parameters())
  {
    const bool isHead = item.key().find("network.head") == 0 || item.key().find("sides.") == 0;
    const bool isBias = item.key().find("bias") != std::string::npos;
    if (isHead)
    {
      item.value().zero_();
    }
    if (isHead && isBias)
    {
      item.value()[1] = foregroundLogit;
    }
  }
}

} // namespace sulcus
