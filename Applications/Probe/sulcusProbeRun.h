#pragma once

#include <sulcusApplication.h>
#include <sulcusCaseSelection.h>

#include <cstdint>
#include <string>

namespace sulcus
{

class Parameters;

struct ProbeOptions
{
  std::string cache;
  std::string model;
  std::string output; ///< empty: the model's folder
  SelectionOptions selection;
  int partitions = 4;
  int axis = 2;
  int rounds = 4;
  double patch = 0.5; ///< edge of a patch as part of the plan's, as stage 1 has it
  int decoderBlocks = 0;
  std::int64_t voxels = 2000;
  bool verify = true;
};

void
Describe(Parameters & visit, ProbeOptions & o);

/** What a pre-trained network knows, and what an untrained one of the same plan does: partition
 * retrieval, a linear probe on frozen features, a picture of the embeddings. Writes `probe.json`
 * and `probe.html`. */
void
RunProbe(const ProbeOptions & options, RunContext & context);

} // namespace sulcus
