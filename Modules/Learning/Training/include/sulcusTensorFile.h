#pragma once

#include <sulcusAtomicFile.h>

#include <torch/nn/module.h>
#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>

namespace sulcus
{

using NamedTensors = std::map<std::string, torch::Tensor>;

/** Tensors and a free-form text map, as one safetensors file. */
struct TensorFile
{
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
};

/** Writes through AtomicFile, in the order of names; tensors may live on any device. Returns the
 * file's SHA-256. \throws ModelError if a floating-point tensor is not finite: such a state is
 * never stored; OutputError */
std::string
SaveTensorFile(const std::filesystem::path & path, const TensorFile & content, Overwrite overwrite);

/** Reads everything into memory (CPU) after comparing all hashes. \throws ModelError naming the
 * file */
TensorFile
LoadTensorFile(const std::filesystem::path & path);

/** Copies state[name] into the target, whatever its device. \throws ModelError naming a tensor that
 * is missing or has another shape or element type. */
void
CopyTensor(const NamedTensors & state, const std::string & name, const torch::Tensor & target);

/** Name of the first tensor that holds a value which is not finite; empty if there is none. */
std::string
FirstNonFinite(const NamedTensors & tensors);

/** Deep copies. */
NamedTensors
CloneTensors(const NamedTensors & tensors);

/** All parameters and buffers of a module under prefix + their full names (no copies). */
NamedTensors
TensorsOf(const torch::nn::Module & module, const std::string & prefix = {});

/** Copies the values back. \throws ModelError as CopyTensor */
void
LoadTensorsInto(torch::nn::Module & module,
                const NamedTensors & state,
                const std::string & prefix = {});

} // namespace sulcus
