#include "sulcusModelFile.h"

#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusSafeTensors.h>

#include <torch/nn/module.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{
namespace
{

const std::string extraPrefix = "extra.";
const std::string formatName = "sulcus-model";

/** Parameters and buffers of a module by name, sharing memory. */
std::vector<std::pair<std::string, torch::Tensor>>
Slots(const torch::nn::Module & module)
{
  std::vector<std::pair<std::string, torch::Tensor>> slots;
  for (const auto & item : module.named_parameters())
  {
    slots.emplace_back(item.key(), item.value());
  }
  for (const auto & item : module.named_buffers())
  {
    slots.emplace_back(item.key(), item.value());
  }
  return slots;
}

bool
TakesPart(const std::string & name, const std::vector<std::string> & prefixes)
{
  return prefixes.empty() || std::any_of(prefixes.begin(),
                                         prefixes.end(),
                                         [&](const std::string & prefix)
                                         { return name.compare(0, prefix.size(), prefix) == 0; });
}

bool
IsFinite(const torch::Tensor & tensor)
{
  return !tensor.is_floating_point() || torch::isfinite(tensor).all().item<bool>();
}

ElementType
ElementTypeOf(torch::ScalarType type, const std::string & name)
{
  switch (type)
  {
  case torch::kFloat:
    return ElementType::F32;
  case torch::kDouble:
    return ElementType::F64;
  case torch::kLong:
    return ElementType::I64;
  case torch::kByte:
    return ElementType::U8;
  case torch::kBFloat16:
    return ElementType::BF16;
  default:
    throw ModelError(
        Message("weight '", name, "' has a number type that model files do not store"));
  }
}

torch::ScalarType
ScalarTypeOf(ElementType type, const std::string & origin, const std::string & name)
{
  switch (type)
  {
  case ElementType::F32:
    return torch::kFloat;
  case ElementType::F64:
    return torch::kDouble;
  case ElementType::I64:
    return torch::kLong;
  case ElementType::U8:
    return torch::kByte;
  case ElementType::BF16:
    return torch::kBFloat16;
  default:
    throw ModelError(
        Message(origin, ": tensor '", name, "' has a number type that models do not use"));
  }
}

TensorView
ViewOf(const std::string & name, const torch::Tensor & tensor)
{
  const auto * bytes = static_cast<const std::byte *>(tensor.const_data_ptr());
  return {name,
          ElementTypeOf(tensor.scalar_type(), name),
          tensor.sizes().vec(),
          {bytes, tensor.nbytes()}};
}

torch::Tensor
TensorOf(const TensorView & view, const std::string & origin)
{
  const torch::Tensor tensor = torch::empty(view.shape, ScalarTypeOf(view.type, origin, view.name));
  if (tensor.nbytes() != view.bytes.size())
  {
    throw ModelError(Message(origin,
                             ": tensor '",
                             view.name,
                             "' has ",
                             view.bytes.size(),
                             " bytes, expected ",
                             tensor.nbytes()));
  }
  std::copy(view.bytes.begin(), view.bytes.end(), static_cast<std::byte *>(tensor.data_ptr()));
  return tensor;
}

std::string
ListOf(const std::vector<std::string> & names)
{
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
  {
    text += (i ? ", " : "") + names[i];
  }
  return names.size() > 3 ? text + ", …" : text;
}

std::map<std::string, std::string>
MetadataOf(const ModelFile & model)
{
  nlohmann::json provenance = model.provenance;
  return {{"format", formatName},
          {"format_version", std::to_string(ModelFile::formatVersion)},
          {"method", model.method},
          {"plan", PlanToJson(model.plan).dump()},
          {"provenance", provenance.dump()}};
}

/** The metadata entry of that name. */
const std::string &
Require(const std::map<std::string, std::string> & metadata,
        const std::string & key,
        const std::string & origin)
{
  const auto found = metadata.find(key);
  if (found == metadata.end())
  {
    throw ModelError(Message(origin, ": not a Sulcus model (no '", key, "' in its metadata)"));
  }
  return found->second;
}

void
ReadMetadata(const std::map<std::string, std::string> & metadata,
             const std::string & origin,
             ModelFile & model)
{
  if (Require(metadata, "format", origin) != formatName)
  {
    throw ModelError(
        Message(origin, ": expected a ", formatName, " file, found '", metadata.at("format"), "'"));
  }
  const std::string & version = Require(metadata, "format_version", origin);
  if (version != std::to_string(ModelFile::formatVersion))
  {
    throw ModelError(Message(origin,
                             ": model format version ",
                             version,
                             ", this program reads ",
                             ModelFile::formatVersion));
  }
  model.method = Require(metadata, "method", origin);
  try
  {
    model.plan = PlanFromJson(ParseJson(Require(metadata, "plan", origin), origin), origin);
    const auto provenance = ParseJson(Require(metadata, "provenance", origin), origin);
    model.provenance = provenance.get<std::map<std::string, std::string>>();
  }
  catch (const ModelError &)
  {
    throw;
  }
  catch (
      const std::exception & problem) // a plan in a model is not the user's to edit: exit 8, not 2
  {
    throw ModelError(Message(origin, ": the model's description cannot be used: ", problem.what()));
  }
}

} // namespace

bool
LoadReport::IsComplete() const
{
  return missing.empty() && unused.empty() && misshaped.empty();
}

std::string
LoadReport::Summary() const
{
  std::string text = Message(loaded.size(), " tensors loaded");
  const auto add = [&](const std::vector<std::string> & names, const char * what)
  {
    if (!names.empty())
    {
      text += Message("; ", names.size(), " ", what, " (", ListOf(names), ")");
    }
  };
  add(missing, "missing");
  add(unused, "unused");
  add(misshaped, "of another shape");
  return text;
}

NamedTensors
StateOf(const torch::nn::Module & module)
{
  NamedTensors state;
  for (const auto & [name, tensor] : Slots(module))
  {
    state.emplace(name, tensor.detach().to(torch::kCPU).contiguous().clone());
  }
  return state;
}

LoadReport
LoadByName(torch::nn::Module & module,
           const NamedTensors & source,
           const std::vector<std::string> & prefixes)
{
  for (const auto & [name, tensor] : source)
  {
    if (TakesPart(name, prefixes) && !IsFinite(tensor))
    {
      throw ModelError(Message("weight '", name, "' has a value that is not finite"));
    }
  }
  LoadReport report;
  NamedTensors left;
  for (const auto & [name, tensor] : source)
  {
    if (TakesPart(name, prefixes))
    {
      left.emplace(name, tensor);
    }
  }
  const torch::NoGradGuard noGradient;
  for (auto & [name, slot] : Slots(module))
  {
    if (!TakesPart(name, prefixes))
    {
      continue;
    }
    const auto found = left.find(name);
    if (found == left.end())
    {
      report.missing.push_back(name);
      continue;
    }
    if (found->second.sizes() != slot.sizes())
    {
      report.misshaped.push_back(Message(name,
                                         ": expected ",
                                         torch::str(slot.sizes()),
                                         ", found ",
                                         torch::str(found->second.sizes())));
    }
    else
    {
      slot.copy_(found->second);
      report.loaded.push_back(name);
    }
    left.erase(found);
  }
  for (const auto & [name, tensor] : left)
  {
    report.unused.push_back(name);
  }
  return report;
}

std::vector<std::string>
TransferPrefixes(int decoderBlocks)
{
  std::vector<std::string> prefixes{"encoder."};
  for (int block = 0; block < decoderBlocks; ++block)
  {
    prefixes.push_back(Message("decoder.blocks.", block, "."));
  }
  return prefixes;
}

std::string
WriteModelFile(const std::filesystem::path & path, const ModelFile & model, Overwrite overwrite)
{
  NetworkOf(model, path.string()); // refuses what could not be read back
  std::vector<torch::Tensor> kept;
  std::vector<TensorView> views;
  const auto add = [&](const std::string & name, const torch::Tensor & tensor)
  {
    if (!IsFinite(tensor))
    {
      throw ModelError(
          Message(path.string(), ": weight '", name, "' has a value that is not finite"));
    }
    kept.push_back(tensor.detach().to(torch::kCPU).contiguous());
    views.push_back(ViewOf(name, kept.back()));
  };
  for (const auto & [name, tensor] : model.weights)
  {
    add(name, tensor);
  }
  for (const auto & [name, tensor] : model.extra)
  {
    add(extraPrefix + name, tensor);
  }
  return WriteSafeTensors(path, views, MetadataOf(model), overwrite);
}

ModelFile
ReadModelFile(const std::filesystem::path & path)
{
  const std::string origin = path.string();
  const SafeTensorsReader reader(path);
  ModelFile model;
  ReadMetadata(reader.Metadata(), origin, model);
  reader.Verify();
  for (const auto & view : reader.Tensors())
  {
    const torch::Tensor tensor = TensorOf(view, origin);
    if (!IsFinite(tensor))
    {
      throw ModelError(
          Message(origin, ": tensor '", view.name, "' has a value that is not finite"));
    }
    const bool isExtra = view.name.compare(0, extraPrefix.size(), extraPrefix) == 0;
    (isExtra ? model.extra : model.weights)
        .emplace(isExtra ? view.name.substr(extraPrefix.size()) : view.name, tensor);
  }
  NetworkOf(model, origin);
  return model;
}

SegmentationNetwork
NetworkOf(const ModelFile & model, const std::string & origin)
{
  SegmentationNetwork network = BuildNetwork(model.plan.network, 0);
  const LoadReport report = LoadByName(*network, model.weights);
  if (!report.IsComplete())
  {
    throw ModelError(
        Message(origin, ": weights do not fit the model's network: ", report.Summary()));
  }
  network->eval();
  return network;
}

} // namespace sulcus
