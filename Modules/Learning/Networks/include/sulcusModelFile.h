#pragma once

#include "sulcusSegmentationNetwork.h"
#include <sulcusAtomicFile.h>
#include <sulcusPlan.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** What happened when weights were put into a network by name. */
struct LoadReport
{
  std::vector<std::string> loaded;
  std::vector<std::string> missing;   ///< in the network, not in the source: kept as they were
  std::vector<std::string> unused;    ///< in the source, not in the network
  std::vector<std::string> misshaped; ///< "name: expected [..], found [..]": kept as they were

  /** Everything was found and everything was used. */
  bool
  IsComplete() const;
  /** One line for people. */
  std::string
  Summary() const;
};

using NamedTensors = std::map<std::string, torch::Tensor>;

/** Parameters and buffers by name: detached, contiguous CPU copies. */
NamedTensors
StateOf(const torch::nn::Module & module);

/** Copies tensors into the module's parameters and buffers of the same name.
 * \param prefixes only names that begin with one of these take part, e.g. { "encoder.",
 * "decoder.blocks.0." }; empty: all. \throws ModelError if a tensor that takes part has a
 * non-finite value; nothing is changed then. */
LoadReport
LoadByName(torch::nn::Module & module,
           const NamedTensors & source,
           const std::vector<std::string> & prefixes = {});

/** The prefixes of the encoder and the first `decoderBlocks` decoder blocks: what pre-training
 * hands over. */
std::vector<std::string>
TransferPrefixes(int decoderBlocks);

/** A trained model in one file: safetensors with JSON metadata, carrying all that segmenting a new
 * image needs. */
struct ModelFile
{
  static constexpr int formatVersion = 1;

  Plan plan; ///< preprocessing, network, labels, component rules, input contract
  std::string method =
      "supervised";     ///< how predictions are made: "supervised" is one pass of the network
  NamedTensors weights; ///< of the SegmentationNetwork that plan.network describes
  NamedTensors extra;   ///< weights of other parts that the method's inference needs
  std::map<std::string, std::string>
      provenance; ///< program, version, objective, steps, seed, cache hash, …
};

/** \throws OutputError; ModelError if a weight is not finite or does not fit the plan's network.
 * Returns the SHA-256. */
std::string
WriteModelFile(const std::filesystem::path & path, const ModelFile & model, Overwrite overwrite);

/** Reads and verifies everything before anything is used.
 * \throws ModelError naming the file: not a model, wrong version, checksum, missing, extra,
 * misshaped or non-finite tensor, bad plan. */
ModelFile
ReadModelFile(const std::filesystem::path & path);

/** The network of a model, in evaluation mode, on the CPU. \throws ModelError if weights and plan
 * disagree. */
SegmentationNetwork
NetworkOf(const ModelFile & model, const std::string & origin);

} // namespace sulcus
