#pragma once

#include "sulcusAnnotationFusionImageFilter.h"
#include "sulcusStaple.h"

namespace sulcus
{

/** STAPLE for several labels: the most probable label at every voxel (ties to the lowest) and every
 * annotator's confusion matrix. Missing votes say nothing; there is no "undecided" label.
 *
 * With a Markov weight above 0 the labels are the most probable labelling under a Potts prior with
 * that weight between face neighbours, given the performance that EM found: an exact cut for two
 * labels, expansion moves for more. */
template <typename TLabelImage>
class MultiLabelStapleImageFilter : public AnnotationFusionImageFilter<TLabelImage, TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(MultiLabelStapleImageFilter);

  using Self = MultiLabelStapleImageFilter;
  using Superclass = AnnotationFusionImageFilter<TLabelImage, TLabelImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  itkNewMacro(Self);
  itkTypeMacro(MultiLabelStapleImageFilter, AnnotationFusionImageFilter);

  void
  SetOptions(const StapleOptions & options)
  {
    m_Options = options;
    this->Modified();
  }
  /** Nats that a pair of different face neighbours costs (times smallest spacing / distance); 0: no
   * prior. */
  void
  SetMarkovWeight(double weight)
  {
    m_MarkovWeight = weight;
    this->Modified();
  }
  const MultiLabelStaple &
  Estimate() const
  {
    return m_Estimate;
  }

protected:
  MultiLabelStapleImageFilter() = default;

  void
  Fuse(const MapVotes & votes) override
  {
    const auto & patterns = votes.Patterns();
    m_Estimate = RunMultiLabelStaple(patterns, m_Options);
    auto * output = this->GetOutput()->GetBufferPointer();
    if (!(m_MarkovWeight > 0.0))
    {
      const auto winners = WinningLabels(m_Estimate.probability, patterns.labelCount);
      votes.Paint(this->ValuesOf(winners), output);
      return;
    }
    const auto labels = LabelUnderMarkovPrior(this->BlockSize(),
                                              this->BlockSpacing(),
                                              votes.PatternOfVoxels(),
                                              m_Estimate.probability,
                                              patterns.labelCount,
                                              m_MarkovWeight);
    for (std::size_t p = 0; p < labels.size(); ++p)
    {
      output[p] = this->LabelValues()[labels[p]];
    }
  }

private:
  StapleOptions m_Options;
  double m_MarkovWeight = 0.0;
  MultiLabelStaple m_Estimate;
};

} // namespace sulcus
