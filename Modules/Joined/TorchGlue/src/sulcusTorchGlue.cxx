#include "sulcusTorchGlue.h"

#include <sulcusError.h>

#include <torch/types.h>

#include <algorithm>
#include <limits>

namespace sulcus
{
namespace
{

std::vector<std::int64_t>
TensorShape(const itk::Size<3> & size)
{
  return {static_cast<std::int64_t>(size[2]),
          static_cast<std::int64_t>(size[1]),
          static_cast<std::int64_t>(size[0])};
}

/** A new image on the grid, not filled. */
template <typename TImage>
typename TImage::Pointer
EmptyImage(const torch::Tensor & tensor, const ImageGrid & grid)
{
  if (tensor.dim() != 3 || tensor.sizes() != torch::IntArrayRef(TensorShape(grid.size)))
  {
    throw UsageError(Message("tensor to image: the grid is ",
                             ToText(grid),
                             ", the tensor ",
                             torch::str(tensor.sizes()),
                             " (z, y, x)"));
  }
  auto image = TImage::New();
  SetGrid(image, grid);
  image->Allocate();
  return image;
}

} // namespace

torch::Tensor
TensorOf(const FloatImage::Pointer & image)
{
  const auto shape = TensorShape(image->GetBufferedRegion().GetSize());
  return torch::from_blob(
      image->GetBufferPointer(),
      shape,
      [kept = image](void *) mutable { kept = nullptr; },
      torch::kFloat);
}

torch::Tensor
TensorOf(const LabelImage * image)
{
  const auto shape = TensorShape(image->GetBufferedRegion().GetSize());
  torch::Tensor tensor = torch::empty(shape, torch::kLong);
  std::copy_n(image->GetBufferPointer(), tensor.numel(), tensor.data_ptr<std::int64_t>());
  return tensor;
}

torch::Tensor
StackChannels(const std::vector<FloatImage::Pointer> & channels)
{
  std::vector<torch::Tensor> tensors;
  for (const auto & channel : channels)
  {
    tensors.push_back(TensorOf(channel));
    if (tensors.back().sizes() != tensors.front().sizes())
    {
      throw UsageError(Message("channels: expected all of size ",
                               torch::str(tensors.front().sizes()),
                               ", found ",
                               torch::str(tensors.back().sizes()),
                               " (z, y, x)"));
    }
  }
  if (tensors.empty())
  {
    throw UsageError("channels: there is none");
  }
  return torch::stack(tensors);
}

FloatImage::Pointer
FloatImageOf(const torch::Tensor & tensor, const ImageGrid & grid)
{
  const auto image = EmptyImage<FloatImage>(tensor, grid);
  TensorOf(image).copy_(tensor);
  return image;
}

LabelImage::Pointer
LabelImageOf(const torch::Tensor & tensor, const ImageGrid & grid)
{
  const auto image = EmptyImage<LabelImage>(tensor, grid);
  const torch::Tensor values = tensor.to(torch::kCPU).to(torch::kLong).contiguous();
  const auto * from = values.const_data_ptr<std::int64_t>();
  std::transform(from,
                 from + values.numel(),
                 image->GetBufferPointer(),
                 [](std::int64_t value)
                 {
                   if (value < 0 || value > std::numeric_limits<std::uint16_t>::max())
                   {
                     throw UsageError(
                         Message("label map: expected values 0 to 65535, found ", value));
                   }
                   return static_cast<std::uint16_t>(value);
                 });
  return image;
}

} // namespace sulcus
