#include "sulcusPredictor.h"

#include <sulcusError.h>

#include <torch/types.h>
#include <torch/utils.h>

namespace sulcus
{

Predictor
NetworkPredictor(SegmentationNetwork network, Precision precision)
{
  network->eval();
  return [network, precision](const torch::Tensor & windows) mutable
  {
    const torch::InferenceMode noGraph;
    torch::Tensor logits;
    {
      const AutocastScope scope(precision, windows.device());
      logits = network->forward(windows);
    }
    return logits.to(torch::kFloat).softmax(1);
  };
}

Predictor
EnsemblePredictor(std::vector<Predictor> members)
{
  if (members.empty())
  {
    throw UsageError("ensemble: there is no model");
  }
  if (members.size() == 1)
  {
    return members.front();
  }
  return [members](const torch::Tensor & windows)
  {
    const torch::InferenceMode noGraph;
    torch::Tensor sum = members.front()(windows).clone();
    for (std::size_t m = 1; m < members.size(); ++m)
    {
      sum.add_(members[m](windows));
    }
    return sum.div_(static_cast<double>(members.size()));
  };
}

Predictor
FlipPredictor(Predictor predictor, const std::array<bool, 3> & axes)
{
  std::vector<std::vector<std::int64_t>> mirrorings{{}};
  for (int axis = 0; axis < 3; ++axis)
  {
    for (std::size_t m = 0, known = mirrorings.size(); axes[axis] && m < known; ++m)
    {
      auto mirrored = mirrorings[m];
      mirrored.push_back(axis + 2);
      mirrorings.push_back(mirrored);
    }
  }
  if (mirrorings.size() == 1)
  {
    return predictor;
  }
  return [predictor, mirrorings](const torch::Tensor & windows)
  {
    const torch::InferenceMode noGraph;
    torch::Tensor sum = predictor(windows).clone();
    for (std::size_t m = 1; m < mirrorings.size(); ++m)
    {
      sum.add_(predictor(windows.flip(mirrorings[m])).flip(mirrorings[m]));
    }
    return sum.div_(static_cast<double>(mirrorings.size()));
  };
}

} // namespace sulcus
