#include "sulcusOptimizer.h"

#include "sulcusTensorFile.h"
#include <sulcusError.h>

#include <torch/nn/module.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace sulcus
{

void
Describe(Parameters & visit, OptimizerOptions & o)
{
  visit("optimizer", o.kind, "Rule that moves the weights.")
      .Choices({"sgd", "adamw", "adam", "lars"});
  visit("learning_rate", o.learningRate, "Initial learning rate.").Range(0, 100);
  visit("momentum", o.momentum, "Momentum of sgd and lars.").Range(0, 0.9999).Advanced();
  visit("nesterov", o.nesterov, "Nesterov's form of the momentum (sgd).").Advanced();
  visit("weight_decay", o.weightDecay, "Pull of the weights towards 0.").Range(0, 10).Advanced();
  visit("decay_all", o.decayAll, "Decay biases and normalisation parameters as well.").Advanced();
  visit("beta1", o.beta1, "Decay of Adam's first moment.").Range(0, 0.99999).Advanced();
  visit("beta2", o.beta2, "Decay of Adam's second moment.").Range(0, 0.999999).Advanced();
  visit("epsilon", o.epsilon, "Added to Adam's denominator.").Range(0, 1).Advanced();
  visit("trust", o.trustCoefficient, "Trust coefficient of LARS.").Range(0, 1).Advanced();
  visit("clip_norm", o.clipNorm, "Longest gradient; 0 does not clip.").Range(0).Advanced();
}

std::vector<NamedParameter>
ParametersOf(const torch::nn::Module & module)
{
  std::vector<NamedParameter> parameters;
  std::vector<const void *> seen;
  for (const auto & item : module.named_parameters())
  {
    const void * identity = item.value().unsafeGetTensorImpl();
    if (std::find(seen.begin(), seen.end(), identity) == seen.end())
    {
      seen.push_back(identity);
      parameters.push_back({item.key(), item.value()});
    }
  }
  return parameters;
}

Optimizer::Optimizer(std::vector<NamedParameter> parameters, const OptimizerOptions & options)
    : m_Options(options), m_Parameters(std::move(parameters))
{
  if (m_Parameters.empty())
  {
    throw UsageError("there is no parameter to train");
  }
}

void
Optimizer::ZeroGradient()
{
  for (auto & parameter : m_Parameters)
  {
    parameter.value.mutable_grad() = torch::Tensor();
  }
}

double
Optimizer::GradientNorm() const
{
  std::vector<torch::Tensor> gradients;
  for (const auto & parameter : m_Parameters)
  {
    if (parameter.value.grad().defined())
    {
      gradients.push_back(parameter.value.grad());
    }
  }
  if (gradients.empty())
  {
    return 0.0;
  }
  const torch::NoGradGuard guard;
  const auto norms = at::_foreach_norm(gradients, 2);
  return torch::stack(norms).to(torch::kDouble).norm().item<double>();
}

void
Optimizer::Step(double learningRate, double gradientCoefficient)
{
  const torch::NoGradGuard guard;
  Active decayed{{}, {}, {}, m_Options.weightDecay, true};
  Active plain{};
  for (std::size_t i = 0; i < m_Parameters.size(); ++i)
  {
    const auto & value = m_Parameters[i].value;
    if (!value.grad().defined())
    {
      continue;
    }
    auto & group = m_Options.decayAll || value.dim() > 1 ? decayed : plain;
    group.index.push_back(i);
    group.values.push_back(value);
    group.gradients.push_back(value.grad());
  }
  torch::Tensor inverse; // the fused kernels divide the gradient by this
  if (gradientCoefficient != 1.0)
  {
    inverse =
        torch::full({},
                    1.0 / gradientCoefficient,
                    m_Parameters.front().value.options().dtype(torch::kFloat).requires_grad(false));
  }
  for (const Active * group : {&decayed, &plain})
  {
    if (!group->index.empty())
    {
      Move(*group, learningRate, inverse);
    }
  }
}

std::vector<torch::Tensor> &
Optimizer::AddState(const std::string & kind)
{
  auto & tensors = m_State[kind];
  for (const auto & parameter : m_Parameters)
  {
    tensors.push_back(torch::zeros_like(parameter.value.detach()));
  }
  return tensors;
}

std::vector<torch::Tensor>
Optimizer::Select(const std::vector<torch::Tensor> & all, const std::vector<std::size_t> & index)
{
  std::vector<torch::Tensor> selected;
  selected.reserve(index.size());
  for (const auto i : index)
  {
    selected.push_back(all[i]);
  }
  return selected;
}

void
Optimizer::Save(State & state) const
{
  for (const auto & [kind, tensors] : m_State)
  {
    for (std::size_t i = 0; i < tensors.size(); ++i)
    {
      state["optimizer/" + kind + "/" + m_Parameters[i].name] = tensors[i];
    }
  }
}

void
Optimizer::Load(const State & state)
{
  for (auto & [kind, tensors] : m_State)
  {
    for (std::size_t i = 0; i < tensors.size(); ++i)
    {
      CopyTensor(state, "optimizer/" + kind + "/" + m_Parameters[i].name, tensors[i]);
    }
  }
}

namespace
{

std::optional<torch::Tensor>
Present(const torch::Tensor & tensor)
{
  return tensor.defined() ? std::optional<torch::Tensor>(tensor) : std::nullopt;
}

class SgdOptimizer final : public Optimizer
{
public:
  SgdOptimizer(std::vector<NamedParameter> parameters, const OptimizerOptions & options)
      : Optimizer(std::move(parameters), options), m_Momentum(AddState("momentum"))
  {
  }

private:
  void
  Move(const Active & active,
       double learningRate,
       const torch::Tensor & inverseCoefficient) override
  {
    // Without momentum the kernel demands that there are no buffers.
    const auto momentum =
        m_Options.momentum > 0 ? Select(m_Momentum, active.index) : std::vector<torch::Tensor>{};
    // A zero buffer gives the same first step as a missing one: 0 · momentum + gradient.
    at::_fused_sgd_(active.values,
                    active.gradients,
                    momentum,
                    active.weightDecay,
                    m_Options.momentum,
                    learningRate,
                    /*dampening=*/0.0,
                    m_Options.nesterov && m_Options.momentum > 0,
                    /*maximize=*/false,
                    /*is_first_step=*/false,
                    Present(inverseCoefficient));
  }

  std::vector<torch::Tensor> & m_Momentum;
};

class AdamOptimizer final : public Optimizer
{
public:
  AdamOptimizer(std::vector<NamedParameter> parameters, const OptimizerOptions & options)
      : Optimizer(std::move(parameters), options), m_First(AddState("first")),
        m_Second(AddState("second")), m_Steps(AddState("steps"))
  {
    for (auto & steps : m_Steps)
    {
      steps = torch::zeros({}, steps.options().dtype(torch::kFloat));
    }
  }

private:
  void
  Move(const Active & active,
       double learningRate,
       const torch::Tensor & inverseCoefficient) override
  {
    const auto first = Select(m_First, active.index);
    const auto second = Select(m_Second, active.index);
    const auto steps = Select(m_Steps, active.index);
    at::_foreach_add_(steps, 1);
    const auto move = m_Options.kind == "adamw" ? MoveAdamW : MoveAdam;
    move(active.values,
         active.gradients,
         first,
         second,
         {},
         steps,
         learningRate,
         m_Options.beta1,
         m_Options.beta2,
         active.weightDecay,
         m_Options.epsilon,
         /*amsgrad=*/false,
         /*maximize=*/false,
         Present(inverseCoefficient),
         std::nullopt);
  }

  using Rule = void (*)(at::TensorList,
                        at::TensorList,
                        at::TensorList,
                        at::TensorList,
                        at::TensorList,
                        at::TensorList,
                        double,
                        double,
                        double,
                        double,
                        double,
                        bool,
                        bool,
                        const std::optional<at::Tensor> &,
                        const std::optional<at::Tensor> &);
  static constexpr Rule MoveAdam = &at::_fused_adam_;
  static constexpr Rule MoveAdamW = &at::_fused_adamw_;

  std::vector<torch::Tensor> & m_First;
  std::vector<torch::Tensor> & m_Second;
  std::vector<torch::Tensor> & m_Steps;
};

class LarsOptimizer final : public Optimizer
{
public:
  LarsOptimizer(std::vector<NamedParameter> parameters, const OptimizerOptions & options)
      : Optimizer(std::move(parameters), options), m_Momentum(AddState("momentum"))
  {
  }

private:
  void
  Move(const Active & active,
       double learningRate,
       const torch::Tensor & inverseCoefficient) override
  {
    auto gradients = active.gradients;
    if (inverseCoefficient.defined())
    {
      at::_foreach_div_(gradients, inverseCoefficient);
    }
    if (active.decayed)
    {
      Adapt(active.values, gradients, active.weightDecay);
    }
    // The rate is part of the velocity: a falling schedule does not slow down what already moves.
    const auto momentum = Select(m_Momentum, active.index);
    at::_foreach_mul_(momentum, m_Options.momentum);
    at::_foreach_add_(momentum, gradients, learningRate);
    at::_foreach_sub_(active.values, momentum);
  }

  /** g ← gradient + decay · weight, then g · trust · |weight| / |g|. Where a length is 0 the factor
   * is 1. */
  void
  Adapt(const std::vector<torch::Tensor> & values,
        std::vector<torch::Tensor> & gradients,
        double decay) const
  {
    at::_foreach_add_(gradients, values, decay);
    const auto weightNorms = torch::stack(at::_foreach_norm(values, 2));
    const auto gradientNorms = torch::stack(at::_foreach_norm(gradients, 2));
    const auto ratio = m_Options.trustCoefficient * weightNorms / gradientNorms;
    const auto usable = (weightNorms > 0).logical_and(gradientNorms > 0);
    const auto factors = torch::where(usable, ratio, torch::ones_like(ratio)).unbind();
    at::_foreach_mul_(gradients, factors);
  }

  std::vector<torch::Tensor> & m_Momentum;
};

} // namespace

std::unique_ptr<Optimizer>
MakeOptimizer(std::vector<NamedParameter> parameters, const OptimizerOptions & options)
{
  if (options.kind == "sgd")
  {
    return std::make_unique<SgdOptimizer>(std::move(parameters), options);
  }
  if (options.kind == "adam" || options.kind == "adamw")
  {
    return std::make_unique<AdamOptimizer>(std::move(parameters), options);
  }
  if (options.kind == "lars")
  {
    return std::make_unique<LarsOptimizer>(std::move(parameters), options);
  }
  throw UsageError(
      Message("unknown optimizer '", options.kind, "': expected sgd, adamw, adam or lars"));
}

} // namespace sulcus
