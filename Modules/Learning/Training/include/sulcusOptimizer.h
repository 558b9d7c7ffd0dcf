#pragma once

#include <sulcusParameters.h>

#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace torch::nn
{
class Module;
}

namespace sulcus
{

/** Settings of the rule that moves the weights. */
struct OptimizerOptions
{
  std::string kind = "sgd"; ///< "sgd", "adamw", "adam" or "lars"
  double learningRate = 0.01;
  double momentum = 0.9;
  bool nesterov = true;
  double weightDecay = 1e-4;
  bool decayAll = false; ///< also biases and the parameters of normalisation layers
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double trustCoefficient = 1e-3; ///< of LARS
  double clipNorm = 12.0;         ///< longest gradient; 0: not clipped
};

void
Describe(Parameters & visit, OptimizerOptions & o);

struct NamedParameter
{
  std::string name;
  torch::Tensor value;
};

/** The parameters of a module with their full names, in order of registration. Shared ones are
 * listed once. */
std::vector<NamedParameter>
ParametersOf(const torch::nn::Module & module);

/** First-order update rules over whole lists of parameters.
 *
 * One call moves every parameter of a group through LibTorch's fused kernels (vectorised over all
 * tensors, in threads); the coefficient that clips the gradient is applied inside the same pass.
 * Parameters with at most one axis (biases, normalisation) are not decayed unless asked. A
 * parameter without a gradient in a step stays as it is. State is named tensors:
 * "optimizer/momentum/<parameter>". */
class Optimizer
{
public:
  using State = std::map<std::string, torch::Tensor>;

  virtual ~Optimizer() = default;

  /** Drops all gradients. */
  void
  ZeroGradient();

  /** Euclidean length over the gradients of all parameters that have one. */
  double
  GradientNorm() const;

  /** Moves the parameters against coefficient · gradient. The gradients are spoilt. */
  void
  Step(double learningRate, double gradientCoefficient = 1.0);

  void
  Save(State & state) const;
  /** \throws ModelError naming a missing or misshapen tensor. */
  void
  Load(const State & state);

  const std::vector<NamedParameter> &
  GetParameters() const
  {
    return m_Parameters;
  }

protected:
  /** Parameters of a group that have a gradient now; `index` points into m_Parameters. */
  struct Active
  {
    std::vector<std::size_t> index;
    std::vector<torch::Tensor> values;
    std::vector<torch::Tensor> gradients;
    double weightDecay = 0.0;
    bool decayed = false; ///< the group that weight decay and LARS scaling are meant for
  };

  Optimizer(std::vector<NamedParameter> parameters, const OptimizerOptions & options);

  virtual void
  Move(const Active & active, double learningRate, const torch::Tensor & inverseCoefficient) = 0;

  /** State tensors, one a parameter, under the names of their kind. */
  std::vector<torch::Tensor> &
  AddState(const std::string & kind);
  static std::vector<torch::Tensor>
  Select(const std::vector<torch::Tensor> & all, const std::vector<std::size_t> & index);

  OptimizerOptions m_Options;
  std::vector<NamedParameter> m_Parameters;

private:
  std::map<std::string, std::vector<torch::Tensor>> m_State;
};

/** "sgd": heavy ball or Nesterov momentum, as torch::optim::SGD with zero dampening. "adam",
 * "adamw" (Loshchilov and Hutter 2019): as LibTorch's. "lars" (You et al. 2017, as in
 * Chen et al. 2020): momentum SGD with the rate inside the velocity, where a decayed tensor's
 * gradient g (decay included) is scaled by trust · |w| / |g|; others move by plain momentum SGD.
 * \throws UsageError for an unknown kind or no parameters. */
std::unique_ptr<Optimizer>
MakeOptimizer(std::vector<NamedParameter> parameters, const OptimizerOptions & options);

} // namespace sulcus
