#include "sulcusProcessMean.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <cstring>

namespace sulcus
{
namespace
{

constexpr std::int64_t bucketBytes = 25 << 20;

/** Averages gradients of one type and device through one flat tensor. */
void
AverageBucket(ProcessGroup & processes, const std::vector<torch::Tensor> & gradients)
{
  std::vector<torch::Tensor> flat;
  for (const auto & gradient : gradients)
  {
    flat.push_back(gradient.reshape({-1}));
  }
  auto joined = torch::cat(flat);
  processes.Sum(joined);
  joined.div_(processes.Size());
  std::int64_t at = 0;
  for (const auto & gradient : gradients)
  {
    gradient.copy_(joined.narrow(0, at, gradient.numel()).view(gradient.sizes()));
    at += gradient.numel();
  }
}

void
Broadcast(ProcessGroup & processes, std::string & text)
{
  auto length = torch::tensor({static_cast<std::int64_t>(text.size())}, torch::kLong);
  processes.Broadcast(length);
  auto bytes = torch::zeros({length.item<std::int64_t>()}, torch::kByte);
  if (processes.Rank() == 0)
  {
    std::memcpy(bytes.data_ptr(), text.data(), text.size());
  }
  processes.Broadcast(bytes);
  text.assign(static_cast<const char *>(bytes.data_ptr()), static_cast<std::size_t>(bytes.numel()));
}

} // namespace

double
AverageGradients(ProcessGroup & processes,
                 const std::vector<NamedParameter> & parameters,
                 double loss)
{
  const torch::NoGradGuard noGradient;
  // One small message: the loss, and who has which gradient.
  auto message = torch::zeros({static_cast<std::int64_t>(parameters.size()) + 1}, torch::kDouble);
  auto * values = message.data_ptr<double>();
  values[0] = loss;
  for (std::size_t i = 0; i < parameters.size(); ++i)
  {
    values[i + 1] = parameters[i].value.grad().defined() ? 1.0 : 0.0;
  }
  processes.Sum(message);
  const double mean = values[0] / processes.Size();
  if (!std::isfinite(mean))
  {
    return mean;
  }
  std::vector<torch::Tensor> bucket;
  std::int64_t bytes = 0;
  const auto flush = [&]
  {
    if (!bucket.empty())
    {
      AverageBucket(processes, bucket);
    }
    bucket.clear();
    bytes = 0;
  };
  for (std::size_t i = 0; i < parameters.size(); ++i)
  {
    if (values[i + 1] == 0.0)
    {
      continue;
    }
    auto & gradient = parameters[i].value.mutable_grad();
    if (!gradient.defined())
    {
      gradient = torch::zeros_like(parameters[i].value);
    }
    if (!bucket.empty() && (bucket.front().scalar_type() != gradient.scalar_type() ||
                            bucket.front().device() != gradient.device()))
    {
      flush();
    }
    bucket.push_back(gradient);
    bytes += static_cast<std::int64_t>(gradient.nbytes());
    if (bytes >= bucketBytes)
    {
      flush();
    }
  }
  flush();
  return mean;
}

bool
AnyProcess(ProcessGroup & processes, bool says)
{
  auto votes = torch::tensor({says ? 1.0 : 0.0}, torch::kDouble);
  processes.Sum(votes);
  return votes.item<double>() > 0.0;
}

void
ShareState(ProcessGroup & processes, nlohmann::json & document, NamedTensors & tensors)
{
  nlohmann::json header{{"document", document}, {"tensors", nlohmann::json::array()}};
  if (processes.Rank() == 0)
  {
    for (const auto & [name, tensor] : tensors)
    {
      header["tensors"].push_back({{"name", name},
                                   {"type", static_cast<int>(tensor.scalar_type())},
                                   {"shape", tensor.sizes().vec()}});
    }
  }
  auto text = header.dump();
  Broadcast(processes, text);
  header = nlohmann::json::parse(text);
  document = header.at("document");
  NamedTensors shared;
  for (const auto & entry : header.at("tensors"))
  {
    const auto name = entry.at("name").get<std::string>();
    const auto type = static_cast<torch::ScalarType>(entry.at("type").get<int>());
    const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
    const auto tensor = processes.Rank() == 0
                            ? tensors.at(name).to(torch::kCPU).contiguous().clone()
                            : torch::zeros(shape, torch::TensorOptions(type));
    if (tensor.numel() > 0)
    {
      auto bytes = tensor.reshape({-1}).view(torch::kByte); // shares the memory: contiguous
      processes.Broadcast(bytes);
    }
    shared.emplace(name, tensor);
  }
  tensors = std::move(shared);
}

} // namespace sulcus
