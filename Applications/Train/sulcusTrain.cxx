#include <sulcusCorrectionPredictor.h>
#include <sulcusTrainingProgram.h>

int
main(int argc, char ** argv)
{
  using namespace sulcus;
  ProgramDescription description;
  description.verb = "train";
  description.summary = "Trains a segmentation network on prepared data";
  description.details = "Reads the cache that sulcus-prepare wrote and trains a network of its "
                        "plan. The run folder gets "
                        "model.safetensors (all that sulcus-segment needs), log.jsonl and "
                        "TensorBoard events, run.json and checkpoints. "
                        "A run that was stopped or killed goes on when the same command is given "
                        "again, and ends with the same weights.";
  description.example = "sulcus-train cache --output run --steps 2000 --seed 1";
  description.usesDevice = true;
  description.usesSeed = true;
  MethodRegistry registry("training method");
  RegisterSupervised(registry);
  RegisterSemiSupervisionMethods(registry);
  TrainingProgramOptions defaults;
  defaults.method = "supervised";
  defaults.segments = true;
  defaults.predictors = CorrectionPredictorMakers(CorrectionPasses::Volume);
  // With momentum SGD the first hundred steps of a short run are spent on the background alone;
  // AdamW reaches its loss in a third of the steps
  // (Documentation/Decisions/0006-adamw-by-default.md).
  defaults.update.optimizer.kind = "adamw";
  defaults.update.optimizer.learningRate = 1e-3;
  TrainingProgram program(registry, defaults);
  return RunApplication(
      argc,
      argv,
      description,
      [&program](Parameters & visit) { program.Describe(visit); },
      [&program](RunContext & context) { program.Run(context); });
}
