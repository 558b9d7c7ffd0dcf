#pragma once

#include <torch/types.h>

#include <cstdint>

namespace sulcus
{

/** While it lives, LibTorch's CPU generator draws from a seed; then it goes on as before. Initial
 * weights are drawn under one, since in C++ that generator starts from a random seed. */
class SeededDraw
{
public:
  explicit SeededDraw(std::uint64_t seed);
  ~SeededDraw();
  SeededDraw(const SeededDraw &) = delete;
  SeededDraw &
  operator=(const SeededDraw &) = delete;

private:
  at::Generator m_Generator;
  torch::Tensor m_Before;
};

} // namespace sulcus
