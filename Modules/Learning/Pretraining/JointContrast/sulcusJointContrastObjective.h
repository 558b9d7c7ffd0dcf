#pragma once

#include "sulcusGlobalContrastStep.h"
#include "sulcusLocalContrastObjective.h"

#include <memory>

namespace sulcus
{

/** Both losses at once: L_g on streams "views1" and "views2" plus weight · L_l on the local
 * settings' streams, encoder, decoder blocks and both heads trained together. Chaitanya et al.
 * (2020) tried it and found it worse than one stage after the other. */
class JointContrastObjective final : public Objective
{
public:
  JointContrastObjective(SegmentationNetwork network,
                         const GlobalContrastSettings & global,
                         const LocalContrastSettings & local,
                         double localWeight,
                         const std::array<double, 3> & spacingInMm,
                         Precision precision);

  /** Logs "global_loss", "local_loss" and the health of both embeddings, the local one under
   * "local_…". */
  LossTerms
  Evaluate(const Batch & batch) override;

private:
  std::shared_ptr<GlobalContrastModel> m_Global;
  std::shared_ptr<LocalContrastObjective> m_Local;
  GlobalContrastSettings m_Settings;
  double m_LocalWeight;
  CollapseWatch m_Watch;
};

} // namespace sulcus
