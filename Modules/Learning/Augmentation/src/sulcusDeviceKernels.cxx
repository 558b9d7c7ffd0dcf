#include "sulcusDeviceKernels.h"

#include "sulcusCudaLibrary.h"
#include <sulcusError.h>

#include <torch/types.h>

namespace sulcus
{
namespace
{

void
RequireFloat(const torch::Tensor & tensor, const char * name, std::int64_t dimensions)
{
  if (!tensor.defined() || tensor.dim() != dimensions || tensor.scalar_type() != torch::kFloat ||
      tensor.numel() == 0)
  {
    throw UsageError(
        Message(name, ": expected a float tensor of ", dimensions, " axes that is not empty"));
  }
}

const CudaLibrary &
RequireCudaLibrary()
{
  const auto & library = GetCudaLibrary();
  if (!library.missing.empty())
  {
    throw ResourceError(library.missing);
  }
  return library;
}

void
RequireLaunched(int status, const char * kernel)
{
  if (status != 0)
  {
    throw ResourceError(
        Message("the CUDA kernel for ", kernel, " could not be started (error ", status, ")"));
  }
}

void
ResampleOnCpu(const torch::Tensor & image,
              const ResampleMap & map,
              const BorderRule & border,
              torch::Tensor & out)
{
  VolumeView source;
  source.size = {image.size(1), image.size(2), image.size(3)};
  source.channels = static_cast<int>(image.size(0));
  source.image = {image.const_data_ptr<float>(), static_cast<std::size_t>(image.numel())};
  PatchTarget target;
  target.size = {out.size(1), out.size(2), out.size(3)};
  target.image = {out.data_ptr<float>(), static_cast<std::size_t>(out.numel())};
  SamplePatch(source, map, LabelRule::Nearest, border, target);
}

void
ResampleOnGpu(const torch::Tensor & image,
              const ResampleMap & map,
              const BorderRule & border,
              torch::Tensor & out)
{
  const auto & library = RequireCudaLibrary();
  SulcusCudaResampling what{};
  what.channels = static_cast<std::int32_t>(image.size(0));
  what.replicate = border.replicate ? 1 : 0;
  what.outside = border.value;
  std::copy_n(map.sourceFromPatch.RowMajor().begin(), 12, what.matrix);
  for (std::int64_t axis = 0; axis < 3; ++axis)
  {
    what.sourceSize[axis] = static_cast<std::int32_t>(image.size(axis + 1));
    what.targetSize[axis] = static_cast<std::int32_t>(out.size(axis + 1));
    what.controlCount[axis] =
        static_cast<std::int32_t>(map.displacement.count[static_cast<std::size_t>(axis)]);
  }
  torch::Tensor controls;
  if (!map.displacement.IsEmpty())
  {
    controls = torch::tensor(at::ArrayRef<float>(map.displacement.values)).to(image.device());
    what.controls = controls.const_data_ptr<float>();
  }
  RequireLaunched(library.resample(image.const_data_ptr<float>(), out.data_ptr<float>(), &what),
                  "resampling");
}

void
BlendOnCpu(torch::Tensor & sum,
           torch::Tensor & weight,
           const torch::Tensor & prediction,
           const torch::Tensor & importance,
           const std::array<std::int64_t, 3> & begin)
{
  const auto windowRows = importance.size(0) * importance.size(1);
  const auto width = importance.size(2);
  for (std::int64_t k = -1; k < sum.size(0); ++k) // -1: the weights
  {
    float * base = k < 0 ? weight.data_ptr<float>() : sum.data_ptr<float>() + k * weight.numel();
    const float * values =
        k < 0 ? nullptr : prediction.const_data_ptr<float>() + k * importance.numel();
    for (std::int64_t row = 0; row < windowRows; ++row)
    {
      const auto z = begin[0] + row / importance.size(1);
      const auto y = begin[1] + row % importance.size(1);
      float * target = base + (z * weight.size(1) + y) * weight.size(2) + begin[2];
      const float * factor = importance.const_data_ptr<float>() + row * width;
      for (std::int64_t x = 0; x < width; ++x)
      {
        target[x] += k < 0 ? factor[x] : factor[x] * values[row * width + x];
      }
    }
  }
}

} // namespace

torch::Tensor
ResampleVolume(const torch::Tensor & image,
               const ResampleMap & map,
               const std::array<std::int64_t, 3> & patchSize,
               const BorderRule & border)
{
  RequireFloat(image, "resampling", 4);
  if (!map.displacement.IsEmpty() &&
      (map.displacement.components != 3 || map.displacement.size != patchSize))
  {
    throw UsageError("resampling: the displacement covers another patch");
  }
  const auto input = image.contiguous();
  auto out =
      torch::empty({image.size(0), patchSize[0], patchSize[1], patchSize[2]}, input.options());
  input.is_cuda() ? ResampleOnGpu(input, map, border, out) : ResampleOnCpu(input, map, border, out);
  return out;
}

void
BlendWindow(torch::Tensor & sum,
            torch::Tensor & weight,
            const torch::Tensor & prediction,
            const torch::Tensor & importance,
            const std::array<std::int64_t, 3> & begin)
{
  RequireFloat(sum, "blending: sum", 4);
  RequireFloat(weight, "blending: weight", 3);
  RequireFloat(prediction, "blending: prediction", 4);
  RequireFloat(importance, "blending: importance", 3);
  bool fits = sum.is_contiguous() && weight.is_contiguous() && prediction.size(0) == sum.size(0) &&
              sum.device() == weight.device() && sum.device() == prediction.device() &&
              sum.device() == importance.device();
  for (std::int64_t axis = 0; axis < 3; ++axis)
  {
    const auto first = begin[static_cast<std::size_t>(axis)];
    fits = fits && weight.size(axis) == sum.size(axis + 1) &&
           prediction.size(axis + 1) == importance.size(axis) && first >= 0 &&
           first + importance.size(axis) <= weight.size(axis);
  }
  if (!fits)
  {
    throw UsageError(
        Message("blending: a window of ", importance.sizes(), " does not fit into ", sum.sizes()));
  }
  const auto values = prediction.contiguous();
  const auto factors = importance.contiguous();
  if (!sum.is_cuda())
  {
    BlendOnCpu(sum, weight, values, factors, begin);
    return;
  }
  SulcusCudaBlending what{};
  what.classes = static_cast<std::int32_t>(sum.size(0));
  for (std::int64_t axis = 0; axis < 3; ++axis)
  {
    what.sumSize[axis] = weight.size(axis);
    what.windowSize[axis] = factors.size(axis);
    what.begin[axis] = begin[static_cast<std::size_t>(axis)];
  }
  RequireLaunched(RequireCudaLibrary().blend(sum.data_ptr<float>(),
                                             weight.data_ptr<float>(),
                                             values.const_data_ptr<float>(),
                                             factors.const_data_ptr<float>(),
                                             &what),
                  "blending");
}

std::string
CudaKernelsMissing()
{
  return GetCudaLibrary().missing;
}

} // namespace sulcus
