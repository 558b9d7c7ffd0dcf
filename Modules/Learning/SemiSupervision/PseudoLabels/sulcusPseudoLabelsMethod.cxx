#include "sulcusPseudoLabelStep.h"
#include <sulcusError.h>
#include <sulcusModelFile.h>
#include <sulcusTrainingMethod.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

class PseudoLabelsMethod final : public TrainingMethod
{
public:
  void
  Describe(Parameters & visit) override
  {
    visit("pseudo_labels_teacher",
          m_TeacherFile,
          "Model that predicts the first pseudo-labels; none: the first part of the run trains it.")
        .Kind(ParameterKind::InputFile);
    visit("pseudo_labels_rounds", m_Options.rounds, "Times that training begins anew.")
        .Range(1, 10)
        .Advanced();
    visit("pseudo_labels_threshold",
          m_Options.threshold,
          "Least confidence of a pseudo-label; 0: all voxels.")
        .Range(0, 1)
        .Advanced();
    visit("pseudo_labels_soft",
          m_Options.soft,
          "Probabilities as targets instead of the likeliest class.")
        .Advanced();
    visit("pseudo_labels_flips",
          m_Options.flipAverage,
          "Average predictions over the mirrorings that the plan allows.")
        .Advanced();
    visit("pseudo_labels_share",
          m_Options.labelledShare,
          "Part of each batch that is truly labelled.")
        .Range(0.25, 0.95)
        .Advanced();
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    RequireLabelledAndUnlabelled(context, "pseudo_labels");
    auto teacher = context.MakeNetwork();
    const bool isGiven = !m_TeacherFile.empty();
    if (isGiven)
    {
      LoadTeacher(context, teacher);
    }
    BuiltMethod built;
    built.network = context.MakeNetwork();
    const auto step = std::make_shared<PseudoLabelStep>(built.network,
                                                        teacher,
                                                        isGiven,
                                                        context.plan.flipAllowed,
                                                        m_Options,
                                                        context.update,
                                                        context.precision);
    built.rule = step;
    built.sampling.streams = Streams(context);
    built.weights = [step, network = built.network]
    { return FinalWeights(step->Update(), network, ""); };
    return built;
  }

private:
  void
  LoadTeacher(const MethodContext & context, SegmentationNetwork & teacher) const
  {
    const auto model = ReadModelFile(m_TeacherFile);
    const bool sameLabels =
        std::equal(model.plan.labels.begin(),
                   model.plan.labels.end(),
                   context.plan.labels.begin(),
                   context.plan.labels.end(),
                   [](const auto & a, const auto & b) { return a.value == b.value; });
    if (!model.extra.empty() || !sameLabels)
    {
      throw ModelError(Message(m_TeacherFile,
                               ": a teacher must predict the prepared data's labels in one pass of "
                               "its network; this is a model of '",
                               model.method,
                               "' with ",
                               model.plan.labels.size(),
                               " labels"));
    }
    const auto report = LoadByName(*teacher, model.weights);
    if (!report.IsComplete())
    {
      throw ModelError(
          Message(m_TeacherFile, ": does not fit the network of the plan: ", report.Summary()));
    }
  }

  /** As many patches a step as other methods of two streams have. */
  std::vector<StreamRule>
  Streams(const MethodContext & context) const
  {
    auto streams = LabelledAndUnlabelledStreams(context);
    const int all = streams[0].samples + streams[1].samples;
    const int known =
        std::clamp(static_cast<int>(std::ceil(m_Options.labelledShare * all)), 1, all - 1);
    streams[0].samples = known;
    streams[1].samples = all - known;
    streams[1].views = 2;
    streams[1].viewAugmentation = {"weak", "full"};
    streams[1].sharedGeometry = true;
    return streams;
  }

  std::string m_TeacherFile;
  PseudoLabelOptions m_Options;
};

} // namespace

void
RegisterPseudoLabels(MethodRegistry & registry)
{
  registry.Add("pseudo_labels",
               "train, predict the unlabelled cases, train anew on both",
               [] { return std::make_unique<PseudoLabelsMethod>(); });
}

} // namespace sulcus
