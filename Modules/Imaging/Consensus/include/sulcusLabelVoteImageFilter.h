#pragma once

#include "sulcusAnnotationFusionImageFilter.h"

namespace sulcus
{

/** Majority or weighted vote. Ties go to the lowest label, so the result never depends on the order
 * of annotators; a voxel that nobody saw becomes background. */
template <typename TLabelImage>
class LabelVoteImageFilter : public AnnotationFusionImageFilter<TLabelImage, TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(LabelVoteImageFilter);

  using Self = LabelVoteImageFilter;
  using Superclass = AnnotationFusionImageFilter<TLabelImage, TLabelImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  itkNewMacro(Self);
  itkTypeMacro(LabelVoteImageFilter, AnnotationFusionImageFilter);

  /** One weight an annotator, none negative; empty: all 1. */
  void
  SetWeights(std::vector<double> weights)
  {
    m_Weights = std::move(weights);
    this->Modified();
  }
  /** Every annotator weighs as much as they agree with the majority of the others
   * (LeaveOneOutAgreement); takes the place of weights. Off by default. */
  itkSetMacro(WeightByAgreement, bool);
  itkGetConstMacro(WeightByAgreement, bool);
  itkBooleanMacro(WeightByAgreement);

protected:
  LabelVoteImageFilter() = default;

  void
  Fuse(const MapVotes & votes) override;

private:
  std::vector<double>
  WeightsFor(const VotePatterns & patterns) const;

  std::vector<double> m_Weights;
  bool m_WeightByAgreement = false;
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusLabelVoteImageFilter.hxx"
#endif
