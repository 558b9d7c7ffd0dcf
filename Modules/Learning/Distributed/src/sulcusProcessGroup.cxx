#include "sulcusProcessGroup.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

namespace sulcus
{
namespace
{

ProcessGroup * currentGroup = nullptr;

class SumFunction : public torch::autograd::Function<SumFunction>
{
public:
  static torch::Tensor
  forward(torch::autograd::AutogradContext *, const torch::Tensor & value)
  {
    auto total = value.detach().contiguous().clone();
    currentGroup->Sum(total);
    return total;
  }

  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext *, torch::autograd::variable_list gradients)
  {
    const auto * group = CurrentProcesses();
    return {gradients[0] * static_cast<double>(group == nullptr ? 1 : group->Size())};
  }
};

} // namespace

ProcessScope::ProcessScope(ProcessGroup * group) : m_Before(currentGroup)
{
  if (group != nullptr)
  {
    currentGroup = group;
  }
}

ProcessScope::~ProcessScope()
{
  currentGroup = m_Before;
}

ProcessGroup *
CurrentProcesses()
{
  return currentGroup;
}

torch::Tensor
SumOverProcesses(const torch::Tensor & value)
{
  return currentGroup == nullptr ? value : SumFunction::apply(value);
}

torch::Tensor
MeanOverProcesses(const torch::Tensor & value)
{
  return currentGroup == nullptr
             ? value
             : SumFunction::apply(value) / static_cast<double>(currentGroup->Size());
}

torch::Tensor
GatherRows(const torch::Tensor & rows)
{
  if (currentGroup == nullptr)
  {
    return rows;
  }
  const auto count = rows.size(0);
  const auto before = currentGroup->Rank() * count;
  const auto after = (currentGroup->Size() - 1 - currentGroup->Rank()) * count;
  auto sizes = rows.sizes().vec();
  sizes[0] = before;
  const auto above = torch::zeros(sizes, rows.options().requires_grad(false));
  sizes[0] = after;
  const auto below = torch::zeros(sizes, rows.options().requires_grad(false));
  return SumOverProcesses(torch::cat({above, rows, below}));
}

} // namespace sulcus
