#include "sulcusAveragePooling.h"

#include "sulcusChannelsLastKernel.h"
#include "sulcusChannelsLastNorm.h"
#include "sulcusConvolution.h"
#include "sulcusElementType.h"
#include "sulcusNormActivation.h"
#include "sulcusTorchParallel.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

namespace sulcus
{
namespace
{

using torch::Tensor;

template <typename TElement, typename TKernel>
void
Run(Tensor fine, Tensor coarse, const std::vector<std::int64_t> & stride, const TKernel & kernel)
{
  kernel::PoolingTask<TElement> task;
  task.channels = fine.size(1);
  for (int a = 0; a < 3; ++a)
  {
    task.size[a] = fine.size(a + 2);
    task.stride[a] = stride[a];
  }
  const std::int64_t planes = coarse.size(2);
  const std::int64_t fineLength = fine.numel() / fine.size(0);
  const std::int64_t coarseLength = coarse.numel() / fine.size(0);
  TElement * fineData = fine.data_ptr<TElement>();
  TElement * coarseData = coarse.data_ptr<TElement>();
  TorchParallelFor(fine.size(0) * planes,
                   [&](std::int64_t begin, std::int64_t end)
                   {
                     for (std::int64_t i = begin; i < end; ++i)
                     {
                       auto mine = task;
                       mine.fine = fineData + i / planes * fineLength;
                       mine.coarse = coarseData + i / planes * coarseLength;
                       kernel(mine, i % planes, i % planes + 1);
                     }
                   });
}

template <typename TKernel>
void
RunFor(const Tensor & fine,
       const Tensor & coarse,
       const std::vector<std::int64_t> & stride,
       const TKernel & kernel)
{
  WithElement<float, c10::BFloat16, double>(
      fine, [&](auto element) { Run<decltype(element)>(fine, coarse, stride, kernel); });
}

class PoolingFunction : public torch::autograd::Function<PoolingFunction>
{
public:
  static Tensor
  forward(torch::autograd::AutogradContext * context,
          const Tensor & input,
          const std::vector<std::int64_t> & stride)
  {
    std::vector<std::int64_t> size{input.size(0), input.size(1)};
    for (int a = 0; a < 3; ++a)
    {
      size.push_back((input.size(a + 2) + stride[a] - 1) / stride[a]);
    }
    const Tensor output =
        torch::empty(size, input.options().memory_format(torch::MemoryFormat::ChannelsLast3d));
    RunFor(input,
           output,
           stride,
           [](const auto & task, auto begin, auto end) { kernel::PoolPlanes(task, begin, end); });
    context->saved_data["size"] = input.sizes().vec();
    context->saved_data["stride"] = stride;
    return output;
  }

  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext * context, torch::autograd::variable_list gradients)
  {
    const Tensor coarse = ChannelsLast(gradients[0]);
    const Tensor fine =
        torch::empty(context->saved_data["size"].toIntVector(),
                     coarse.options().memory_format(torch::MemoryFormat::ChannelsLast3d));
    RunFor(fine,
           coarse,
           context->saved_data["stride"].toIntVector(),
           [](const auto & task, auto begin, auto end) { kernel::SpreadPlanes(task, begin, end); });
    return {fine, Tensor()};
  }
};

} // namespace

Tensor
AveragePooling(const Tensor & input, const std::array<int, 3> & stride)
{
  std::vector<std::int64_t> strides;
  for (int a = 0; a < 3; ++a)
  {
    strides.push_back(std::min<std::int64_t>(stride[a], input.size(a + 2)));
  }
  if (HasChannelsLastKernel(input) && !ReferenceKernels::Active())
  {
    return PoolingFunction::apply(ChannelsLast(input), strides);
  }
  return torch::avg_pool3d(
      input, strides, strides, 0, /*ceil_mode=*/true, /*count_include_pad=*/false);
}

} // namespace sulcus
