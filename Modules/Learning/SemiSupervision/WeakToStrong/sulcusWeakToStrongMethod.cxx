#include "sulcusWeakToStrongObjective.h"
#include <sulcusSingleOptimizerStep.h>
#include <sulcusTrainingMethod.h>

namespace sulcus
{
namespace
{

StrongTerm
TermOf(const std::string & name)
{
  return name == "dice"              ? StrongTerm::Dice
         : name == "dice_of_present" ? StrongTerm::DiceOfPresent
                                     : StrongTerm::CrossEntropy;
}

class WeakToStrongMethod final : public TrainingMethod
{
public:
  explicit WeakToStrongMethod(bool twoViews) : m_Name(twoViews ? "unimatch" : "fixmatch")
  {
    m_Options.twoViews = twoViews;
  }

  void
  Describe(Parameters & visit) override
  {
    visit(m_Name + "_threshold", m_Options.threshold, "Least confidence of a pseudo-label.")
        .Range(0, 1)
        .Advanced();
    visit(m_Name + "_weight", m_Options.weight, "Factor of the unsupervised terms.")
        .Range(0, 1e6)
        .Advanced();
    visit(m_Name + "_ramp", m_Options.rampFraction, "Part of the run over which that factor rises.")
        .Range(0, 1)
        .Advanced();
    visit(m_Name + "_term",
          m_Term,
          "Unsupervised terms: Dice of all classes, as in the released UniMatch, of those among "
          "the pseudo-labels, or cross-entropy.")
        .Choices({"dice", "dice_of_present", "cross_entropy"})
        .Advanced();
    visit(m_Name + "_class_share",
          m_Options.classShare,
          "Share of the voxels of each predicted class that counts whatever the threshold.")
        .Range(0, 1)
        .Advanced();
    visit(m_Name + "_teacher_decay",
          m_Options.teacherDecay,
          "Above 0: a moving average of the network that follows so slowly makes the pseudo-labels "
          "and is the model.")
        .Range(0, 1)
        .Advanced();
    visit(m_Name + "_cutmix",
          m_Options.cutMixProbability,
          "How often a box of another patch is pasted in.")
        .Range(0, 1)
        .Advanced();
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    RequireLabelledAndUnlabelled(context, m_Name);
    BuiltMethod built;
    const auto network = context.MakeNetwork();
    const bool hasTeacher = m_Options.teacherDecay > 0;
    const auto teacher = hasTeacher ? context.MakeNetwork() : SegmentationNetwork(nullptr);
    built.network = hasTeacher ? teacher : network;
    auto options = m_Options;
    options.term = TermOf(m_Term);
    const auto objective = std::make_shared<WeakToStrongObjective>(
        network, teacher, options, context.seed, context.precision);
    const auto rule = std::make_shared<SingleOptimizerStep>(objective, context.update);
    built.rule = rule;
    auto & streams = built.sampling.streams;
    streams = LabelledAndUnlabelledStreams(context);
    streams[1].augmentation = "weak";
    streams.push_back(streams[1]);
    streams.back().name = "partner";
    built.weights = [rule, hasTeacher, model = built.network]
    { return hasTeacher ? TensorsOf(*model) : FinalWeights(rule->Update(), model, "network."); };
    return built;
  }

private:
  std::string m_Name;
  WeakToStrongOptions m_Options;
  std::string m_Term = "dice";
};

} // namespace

void
RegisterWeakToStrong(MethodRegistry & registry)
{
  registry.Add("fixmatch",
               "confident predictions on weak views label strong views",
               [] { return std::make_unique<WeakToStrongMethod>(false); });
  registry.Add("unimatch",
               "two strong views and perturbed features",
               [] { return std::make_unique<WeakToStrongMethod>(true); });
}

} // namespace sulcus
