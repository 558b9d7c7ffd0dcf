#pragma once

#include <sulcusCorrectionPredictor.h>
#include <sulcusImages.h>
#include <sulcusSegmenter.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Writes what the two passes of a correction model saw and made, on the image's own grid: the
 * coarse and the refined probability of any structure, the erased region, and the erased and the
 * repainted image in the model's normalised intensities. Voxels that the model's crop removed are
 * 0. */
class SegmentIntermediates
{
public:
  /** \throws UsageError unless there is one model and it is of the correction method. */
  SegmentIntermediates(const std::vector<std::string> & models,
                       const torch::Device & device,
                       const SegmentationOptions & options);

  /** \param statedSpacing  of the files; that of the channels may replace a lost one */
  void
  Write(const std::vector<FloatImage::Pointer> & channels,
        const FloatImage::SpacingType & statedSpacing,
        const std::string & base,
        const std::string & ending,
        bool overwrite) const;

  /** The names of all files: one erased and one repainted image a channel. */
  static std::vector<std::string>
  Files(const std::string & base, const std::string & ending, std::size_t channels);

private:
  CorrectionModel m_Model;
  Plan m_Plan;
  torch::Device m_Device;
  Precision m_Precision;
  SlidingWindowOptions m_Windows;
};

} // namespace sulcus
