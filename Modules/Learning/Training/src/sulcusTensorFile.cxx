#include "sulcusTensorFile.h"

#include <sulcusError.h>
#include <sulcusSafeTensors.h>

#include <torch/nn/module.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <array>
#include <cstring>

namespace sulcus
{
namespace
{

constexpr std::array<std::pair<ElementType, torch::ScalarType>, 8> elementTypes{{
    {ElementType::U8, torch::kUInt8},
    {ElementType::I8, torch::kInt8},
    {ElementType::I16, torch::kInt16},
    {ElementType::I32, torch::kInt32},
    {ElementType::I64, torch::kInt64},
    {ElementType::BF16, torch::kBFloat16},
    {ElementType::F32, torch::kFloat32},
    {ElementType::F64, torch::kFloat64},
}};

ElementType
ElementTypeOf(const torch::Tensor & tensor, const std::string & name)
{
  for (const auto & [element, scalar] : elementTypes)
  {
    if (scalar == tensor.scalar_type())
    {
      return element;
    }
  }
  throw RuntimeError(Message("tensor '",
                             name,
                             "' has the element type ",
                             c10::toString(tensor.scalar_type()),
                             ", which is not stored"));
}

torch::ScalarType
ScalarTypeOf(ElementType type, const std::string & name, const std::filesystem::path & path)
{
  for (const auto & [element, scalar] : elementTypes)
  {
    if (element == type)
    {
      return scalar;
    }
  }
  throw ModelError(
      Message(path.string(), ": tensor '", name, "' has an element type that is not used here"));
}

} // namespace

std::string
SaveTensorFile(const std::filesystem::path & path, const TensorFile & content, Overwrite overwrite)
{
  const std::string broken = FirstNonFinite(content.tensors);
  if (!broken.empty())
  {
    throw ModelError(
        Message(path.string(), ": tensor '", broken, "' is not finite and is not stored"));
  }
  std::vector<torch::Tensor> onCpu; // keeps the bytes alive until they are written
  std::vector<TensorView> views;
  for (const auto & [name, tensor] : content.tensors)
  {
    onCpu.push_back(tensor.detach().to(torch::kCPU).contiguous());
    const auto & stored = onCpu.back();
    views.push_back({name,
                     ElementTypeOf(stored, name),
                     stored.sizes().vec(),
                     {static_cast<const std::byte *>(stored.const_data_ptr()), stored.nbytes()}});
  }
  return WriteSafeTensors(path, views, content.metadata, overwrite);
}

TensorFile
LoadTensorFile(const std::filesystem::path & path)
{
  const SafeTensorsReader reader(path);
  reader.Verify();
  TensorFile content;
  content.metadata = reader.Metadata();
  for (const auto & view : reader.Tensors())
  {
    auto tensor = torch::empty(view.shape, ScalarTypeOf(view.type, view.name, path));
    if (!view.bytes.empty())
    {
      std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
    }
    content.tensors.emplace(view.name, std::move(tensor));
  }
  const std::string broken = FirstNonFinite(content.tensors);
  if (!broken.empty())
  {
    throw ModelError(
        Message(path.string(), ": tensor '", broken, "' holds values that are not finite"));
  }
  return content;
}

void
CopyTensor(const NamedTensors & state, const std::string & name, const torch::Tensor & target)
{
  const auto found = state.find(name);
  if (found == state.end())
  {
    throw ModelError(Message("the tensor '", name, "' is missing"));
  }
  const auto & source = found->second;
  if (source.sizes() != target.sizes() || source.scalar_type() != target.scalar_type())
  {
    throw ModelError(Message("tensor '",
                             name,
                             "': expected ",
                             target.sizes(),
                             " ",
                             c10::toString(target.scalar_type()),
                             ", got ",
                             source.sizes(),
                             " ",
                             c10::toString(source.scalar_type())));
  }
  const torch::NoGradGuard guard;
  target.detach().copy_(source);
}

std::string
FirstNonFinite(const NamedTensors & tensors)
{
  for (const auto & [name, tensor] : tensors)
  {
    // A sum of zeros times the values is 0 unless one of them is NaN or infinite; unlike isfinite
    // it allocates no mask.
    if (tensor.is_floating_point() && tensor.numel() > 0 &&
        !std::isfinite((tensor.detach().flatten().to(torch::kFloat) * 0.0F).sum().item<float>()))
    {
      return name;
    }
  }
  return {};
}

NamedTensors
CloneTensors(const NamedTensors & tensors)
{
  NamedTensors copies;
  for (const auto & [name, tensor] : tensors)
  {
    copies.emplace(name, tensor.detach().clone());
  }
  return copies;
}

NamedTensors
TensorsOf(const torch::nn::Module & module, const std::string & prefix)
{
  NamedTensors state;
  for (const auto & item : module.named_parameters())
  {
    state.emplace(prefix + item.key(), item.value());
  }
  for (const auto & item : module.named_buffers())
  {
    state.emplace(prefix + item.key(), item.value());
  }
  return state;
}

void
LoadTensorsInto(torch::nn::Module & module, const NamedTensors & state, const std::string & prefix)
{
  for (const auto & [name, tensor] : TensorsOf(module, prefix))
  {
    CopyTensor(state, name, tensor);
  }
}

} // namespace sulcus
