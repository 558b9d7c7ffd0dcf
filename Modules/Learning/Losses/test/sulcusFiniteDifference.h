#pragma once

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <functional>

/** Compares autograd with central differences at every entry of a double tensor. */
inline void
ExpectGradientMatchesFiniteDifference(
    const std::function<torch::Tensor(const torch::Tensor &)> & function,
    const torch::Tensor & at,
    double tolerance = 1e-6)
{
  const torch::Tensor leaf = at.detach().clone().requires_grad_(true);
  const torch::Tensor gradient = torch::autograd::grad({function(leaf)}, {leaf})[0].flatten();
  const torch::NoGradGuard guard;
  const torch::Tensor moved = at.detach().clone();
  auto flat = moved.view({-1});
  for (std::int64_t i = 0; i < flat.numel(); ++i)
  {
    const double kept = flat[i].item<double>();
    constexpr double step = 1e-6;
    flat[i] = kept + step;
    const double above = function(moved).item<double>();
    flat[i] = kept - step;
    const double below = function(moved).item<double>();
    flat[i] = kept;
    EXPECT_NEAR(gradient[i].item<double>(), (above - below) / (2 * step), tolerance)
        << "entry " << i;
  }
}
