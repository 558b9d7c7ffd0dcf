#include "sulcusProbe.h"

#include <sulcusError.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>

namespace sulcus
{

Retrieval
PartitionRetrieval(const torch::Tensor & embeddings,
                   const torch::Tensor & volume,
                   const torch::Tensor & partition)
{
  const auto rows = embeddings.detach().to(torch::kCPU, torch::kDouble);
  const auto unit = rows / rows.norm(2, 1, true).clamp_min(1e-8);
  const auto same = volume.unsqueeze(1) == volume.unsqueeze(0);
  const auto hasOther = ~same.all(1);
  const auto queries = hasOther.sum().item<std::int64_t>();
  if (queries == 0)
  {
    throw UsageError("retrieval across volumes needs patches of two volumes");
  }
  const auto similarity =
      unit.matmul(unit.t()).masked_fill(same, -std::numeric_limits<double>::infinity());
  const auto found = partition.index_select(0, similarity.argmax(1)) == partition;
  return {(found & hasOther).sum().item<double>() / static_cast<double>(queries), queries};
}

PrincipalComponents
FindPrincipalComponents(const torch::Tensor & rows, std::int64_t count)
{
  if (rows.dim() != 2 || rows.size(0) < 2 || count > std::min(rows.size(0), rows.size(1)))
  {
    throw UsageError(Message("principal components: ",
                             count,
                             " of a table ",
                             torch::str(rows.sizes()),
                             " cannot be had"));
  }
  const auto wide = rows.detach().to(torch::kCPU, torch::kDouble);
  const auto centred = wide - wide.mean(0, true);
  const auto [left, values, right] = torch::linalg_svd(centred, /*full_matrices=*/false);
  const auto axes = right.narrow(0, 0, count); // [count, d]
  const auto largest = axes.gather(1, axes.abs().argmax(1, true));
  const auto sign =
      torch::where(largest < 0, -torch::ones_like(largest), torch::ones_like(largest));
  PrincipalComponents found;
  found.scores = centred.matmul((axes * sign).t());
  const auto variance = values.square();
  const double total = variance.sum().item<double>();
  for (std::int64_t i = 0; i < count; ++i)
  {
    found.explained.push_back(total > 0 ? variance[i].item<double>() / total : 0.0);
  }
  return found;
}

torch::Tensor
LinearProbe::Logits(const torch::Tensor & features) const
{
  return ((features - mean) / scale).matmul(weight) + bias;
}

namespace
{

/** Largest eigenvalue of XᵀX/N, by power iteration from a fixed start; a little too large on
 * purpose. */
double
LargestCurvature(const torch::Tensor & rows)
{
  auto direction = torch::ones({rows.size(1), 1}, rows.options());
  double value = 1.0;
  for (int i = 0; i < 30; ++i)
  {
    direction = rows.t().matmul(rows.matmul(direction)) / static_cast<double>(rows.size(0));
    value = direction.norm().item<double>();
    if (!(value > 0.0))
    {
      return 1.0;
    }
    direction = direction / value;
  }
  return 1.1 * value;
}

} // namespace

LinearProbe
FitLinearProbe(const torch::Tensor & features,
               const torch::Tensor & labels,
               std::int64_t classes,
               const LinearProbeOptions & options)
{
  if (features.dim() != 2 || features.size(0) < 1 || labels.size(0) != features.size(0) ||
      classes < 2)
  {
    throw UsageError("linear probe: features [N, F], a label each and two classes are needed");
  }
  const torch::NoGradGuard noGradient;
  LinearProbe probe;
  const auto raw = features.to(torch::kFloat);
  probe.mean = raw.mean(0);
  const auto spread = raw.std(0, false);
  probe.scale = torch::where(spread > 1e-6, spread, torch::ones_like(spread));
  // The last column is the bias, which does not decay.
  const auto rows =
      torch::cat({(raw - probe.mean) / probe.scale, torch::ones({raw.size(0), 1})}, 1);
  const auto truth = torch::one_hot(labels, classes).to(torch::kFloat);
  auto decay = torch::full({rows.size(1), 1}, options.decay);
  decay[-1] = 0.0;
  const double step = 1.0 / (0.5 * LargestCurvature(rows) + options.decay);
  auto weight = torch::zeros({rows.size(1), classes});
  auto ahead = weight;
  double momentum = 1.0;
  for (int i = 0; i < options.iterations; ++i)
  {
    const auto error = rows.matmul(ahead).softmax(1) - truth;
    const auto gradient =
        rows.t().matmul(error) / static_cast<double>(rows.size(0)) + decay * ahead;
    const auto next = ahead - step * gradient;
    const double grown = 0.5 * (1.0 + std::sqrt(1.0 + 4.0 * momentum * momentum));
    ahead = next + (momentum - 1.0) / grown * (next - weight);
    weight = next;
    momentum = grown;
  }
  probe.weight = weight.narrow(0, 0, raw.size(1)).clone();
  probe.bias = weight[-1].clone();
  return probe;
}

torch::Tensor
PatchEmbeddings(SegmentationNetwork & network, const torch::Tensor & images)
{
  const torch::NoGradGuard noGradient;
  network->eval();
  return network->GetEncoder()->forward(images).back().to(torch::kFloat).mean({2, 3, 4});
}

torch::Tensor
VoxelFeatures(SegmentationNetwork & network, const torch::Tensor & images, int decoderBlocks)
{
  const torch::NoGradGuard noGradient;
  network->eval();
  auto maps = network->GetEncoder()->forward(images);
  if (decoderBlocks > 0)
  {
    for (const auto & map : network->GetDecoder()->forward(maps, decoderBlocks))
    {
      maps.push_back(map);
    }
  }
  const std::vector<std::int64_t> size{images.size(2), images.size(3), images.size(4)};
  std::vector<torch::Tensor> full;
  for (const auto & map : maps)
  {
    full.push_back(at::_upsample_nearest_exact3d(map.to(torch::kFloat), size));
  }
  return torch::cat(full, 1);
}

} // namespace sulcus
