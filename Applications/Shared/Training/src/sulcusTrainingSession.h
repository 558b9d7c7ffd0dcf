#pragma once

#include "sulcusTrainingProgram.h"
#include <sulcusModelFile.h>
#include <sulcusProcesses.h>

#include <memory>
#include <optional>
#include <string>

namespace sulcus
{

/** What one run works with, in the order in which it is found out. */
struct TrainingProgram::Session
{
  torch::Device device = torch::kCPU;
  Precision precision = Precision::Float32;
  int threads = 0;
  std::shared_ptr<const PreparedCache> cache;
  Plan plan;
  CaseSelection selection;
  std::optional<ModelFile> init;
  std::string initSha256;
  BuiltMethod method;
  RunIdentity identity;
  TrainerOptions trainer;
  std::optional<ProcessLaunch> launch; ///< nothing: this process trains alone

  /** The model as it stands, on the training's own tensors. */
  ModelFile
  Model() const
  {
    ModelFile model;
    model.plan = plan;
    model.method = method.inference;
    model.weights = method.weights();
    if (method.extraWeights)
    {
      model.extra = method.extraWeights();
    }
    return model;
  }

  bool
  IsFirst() const
  {
    return !launch || launch->rank == 0;
  }
};

} // namespace sulcus
