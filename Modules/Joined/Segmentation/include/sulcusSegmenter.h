#pragma once

#include <sulcusComponentRules.h>
#include <sulcusModelFile.h>
#include <sulcusModelPredictor.h>
#include <sulcusNativeLabelDecider.h>
#include <sulcusParameters.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sulcus
{

struct SegmentationOptions
{
  std::string flips =
      "none"; ///< "none", "allowed" (the axes that the plan allows) or "all" (eight mirrorings)
  double overlap = 0.5;           ///< of neighbouring windows
  int batchSize = 1;              ///< windows at once
  std::string precision = "auto"; ///< "auto", "fp32" or "bf16"
  bool componentRules = true;     ///< apply the plan's rules to the result
  bool confidence = false;        ///< keep the winner's probability
  bool entropy = false;           ///< keep the normalised entropy
  bool probabilities = false;     ///< keep all probabilities: classes × volume of memory
};

void
Describe(Parameters & visit, SegmentationOptions & options);

/** What a model file says about itself. */
struct ModelCard
{
  std::string file; ///< as given
  std::string method;
  std::map<std::string, std::string> provenance; ///< program, objective, steps, …
};

/** What one image became, on its own grid. */
struct Segmented
{
  NativeDecision decision;
  std::vector<ComponentRuleReport> rules;
};

/** One model or an ensemble, ready to segment images.
 *
 * Image -> Preprocess by the plan -> sliding window -> probabilities on the native grid, slab by
 * slab -> labels -> component rules. Memory: the image, one window's depth of probabilities, the
 * results. */
class Segmenter
{
public:
  /** Reads and verifies all models. \param device as ResolveDevice gave it. \param makers
   * predictors by method name, for models that carry more than a network. \throws ModelError for a
   * file that cannot be trusted, members of an ensemble that disagree about channels, labels or
   * preprocessing, or a method that is not known. */
  Segmenter(const std::vector<std::filesystem::path> & models,
            const torch::Device & device,
            const SegmentationOptions & options,
            const PredictorMakers & makers = {});

  const Plan &
  GetPlan() const
  {
    return m_Plan;
  }

  /** One card a model, in the order given. */
  const std::vector<ModelCard> &
  Models() const
  {
    return m_Models;
  }

  /** \param channels on one grid, in the plan's order. \param name for messages. \param progress
   * fraction done; may be empty. \throws ScopeError outside the input contract; GeometryError for
   * channels on different grids. */
  Segmented
  Segment(const std::vector<FloatImage::Pointer> & channels,
          const std::string & name,
          const std::function<void(double)> & progress = {}) const;

private:
  Plan m_Plan;
  std::vector<ModelCard> m_Models;
  torch::Device m_Device;
  SegmentationOptions m_Options;
  VolumePredictor m_Predictor;
  std::vector<std::uint16_t> m_LabelValues;
};

} // namespace sulcus
