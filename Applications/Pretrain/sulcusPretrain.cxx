#include <sulcusTrainingProgram.h>

int
main(int argc, char ** argv)
{
  using namespace sulcus;
  ProgramDescription description;
  description.verb = "pretrain";
  description.summary = "Pre-trains a network on prepared volumes without reading a label";
  description.details =
      "Contrastive pre-training on every training volume of the cache. The stages are 'global' (or "
      "'simclr'), then 'local' with --init, then sulcus-train --init.";
  description.example =
      "sulcus-pretrain cache --output pretrained --method global --steps 1500 --seed 1";
  description.usesDevice = true;
  description.usesSeed = true;
  MethodRegistry registry("pre-training method");
  RegisterPretrainingMethods(registry);
  TrainingProgramOptions defaults;
  defaults.method = "global";
  defaults.update.optimizer.kind = "adamw";
  defaults.update.optimizer.learningRate = 1e-3;
  defaults.update.optimizer.weightDecay = 1e-5;
  defaults.update.schedule.kind = "cosine";
  defaults.update.schedule.warmupFraction = 0.05;
  TrainingProgram program(registry, defaults);
  return RunApplication(
      argc,
      argv,
      description,
      [&program](Parameters & visit) { program.Describe(visit); },
      [&program](RunContext & context) { program.Run(context); });
}
