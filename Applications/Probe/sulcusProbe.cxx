#include "sulcusProbeRun.h"
#include <sulcusMain.h>

int
main(int argc, char ** argv)
{
  using namespace sulcus;
  ProgramDescription description;
  description.verb = "probe";
  description.summary = "Measures what a pre-trained network knows before it is fine-tuned";
  description.details =
      "Retrieval: how often the nearest patch of another volume shows the same part of the body. "
      "Linear probe: Dice of a linear classifier on frozen features, fitted on the labelled "
      "training "
      "cases and scored on the validation cases alone. Both also for an untrained network. "
      "probe.html shows the embeddings by part and the curves of the run, without a network.";
  description.example = "sulcus-probe cache --model pretrained/model.safetensors";
  description.usesDevice = true;
  description.usesSeed = true;
  ProbeOptions options;
  return RunApplicationWith(argc, argv, description, options, RunProbe);
}
