#pragma once

#include <sulcusProbe.h>

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** Embeddings of patches and where they come from. */
struct EmbeddedPatches
{
  torch::Tensor embeddings; ///< float [N, d]
  torch::Tensor volume;     ///< int64 [N]
  torch::Tensor partition;  ///< int64 [N]
};

/** What the probes found in one network. */
struct ProbedNetwork
{
  std::string name;
  EmbeddedPatches patches;
  Retrieval retrieval;
  std::map<std::string, double> dice; ///< of the linear probe; empty: not probed
};

/** All figures. */
nlohmann::json
ProbeReport(const std::vector<ProbedNetwork> & probed, int partitions);

/** One page in one file: table, embeddings by part in their two principal components, and, where
 * the log of the run is there, its curves. */
void
WriteProbePage(const std::filesystem::path & path,
               const std::vector<ProbedNetwork> & probed,
               int partitions,
               const std::filesystem::path & log);

} // namespace sulcus
