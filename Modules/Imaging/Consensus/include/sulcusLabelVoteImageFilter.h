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

protected:
  LabelVoteImageFilter() = default;

  void
  Fuse(const VoteTable<std::uint8_t> & table) override
  {
    Vote(table);
  }
  void
  Fuse(const VoteTable<std::uint16_t> & table) override
  {
    Vote(table);
  }

private:
  template <typename TTable>
  void
  Vote(const TTable & table);

  std::vector<double> m_Weights;
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusLabelVoteImageFilter.hxx"
#endif
