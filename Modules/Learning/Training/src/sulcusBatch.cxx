#include "sulcusBatch.h"

#include <sulcusError.h>

#include <torch/types.h>

namespace sulcus
{

Stream
Stream::To(const torch::Device & device) const
{
  const auto move = [&device](const torch::Tensor & tensor)
  { return tensor.defined() ? tensor.to(device, /*non_blocking=*/true) : tensor; };
  Stream moved = *this;
  moved.image = move(image);
  moved.label = move(label);
  moved.softLabel = move(softLabel);
  moved.weight = move(weight);
  moved.observed = move(observed);
  moved.millimetreFromVoxel = move(millimetreFromVoxel);
  for (auto & [name, tensor] : moved.extra)
  {
    tensor = move(tensor);
  }
  return moved;
}

std::array<double, 3>
Stream::SpacingInMm(std::int64_t sample) const
{
  if (!millimetreFromVoxel.defined())
  {
    return {1, 1, 1};
  }
  const auto columns = millimetreFromVoxel[sample].narrow(1, 0, 3).to(torch::kCPU).norm(2, 0);
  return {columns[2].item<double>(), columns[1].item<double>(), columns[0].item<double>()};
}

const Stream &
Batch::Require(const std::string & name) const
{
  const auto found = streams.find(name);
  if (found == streams.end())
  {
    std::string known;
    for (const auto & [other, stream] : streams)
    {
      known += (known.empty() ? "'" : ", '") + other + "'";
    }
    throw UsageError(
        Message("the batch has no stream '", name, "'; it has ", known.empty() ? "none" : known));
  }
  return found->second;
}

Batch
Batch::To(const torch::Device & device) const
{
  Batch moved;
  moved.step = step;
  for (const auto & [name, stream] : streams)
  {
    moved.streams.emplace(name, stream.To(device));
  }
  return moved;
}

} // namespace sulcus
