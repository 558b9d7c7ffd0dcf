#pragma once

#include "sulcusAnnotationFusionImageFilter.h"
#include "sulcusGraphCutConsensus.h"

namespace sulcus
{

/** Graph-cut consensus on images (see RunGraphCutConsensus). Outputs: 0 the labels, 1 the
 * confidence, 2 the flags.
 *
 * Only the part of the grid where something was drawn, or where nobody looked, with a margin, is
 * computed; elsewhere everyone who looked saw background. With unanimous voxels not clamped, or a
 * single annotator, the whole grid is. */
template <typename TLabelImage, typename TImage = itk::Image<float, TLabelImage::ImageDimension>>
class GraphCutConsensusImageFilter : public AnnotationFusionImageFilter<TLabelImage, TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(GraphCutConsensusImageFilter);

  using Self = GraphCutConsensusImageFilter;
  using Superclass = AnnotationFusionImageFilter<TLabelImage, TLabelImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  using ConfidenceImage = itk::Image<float, TLabelImage::ImageDimension>;
  using FlagImage = itk::Image<std::uint8_t, TLabelImage::ImageDimension>;
  itkNewMacro(Self);
  itkTypeMacro(GraphCutConsensusImageFilter, AnnotationFusionImageFilter);

  /** The image that was annotated; optional. */
  void
  SetImage(const TImage * image)
  {
    m_Image = image;
    this->Modified();
  }
  void
  SetOptions(const ConsensusOptions & options)
  {
    m_Options = options;
    this->Modified();
  }

  /** What is known of annotator i from other scans; used if they saw nothing of this one. */
  void
  SetAnnotatorForest(unsigned index, std::shared_ptr<const AnnotatorForest> forest)
  {
    m_Forests[index] = std::move(forest);
    this->Modified();
  }

  ConfidenceImage *
  GetConfidence()
  {
    return itkDynamicCastInDebugMode<ConfidenceImage *>(this->itk::ProcessObject::GetOutput(1));
  }
  FlagImage *
  GetFlags()
  {
    return itkDynamicCastInDebugMode<FlagImage *>(this->itk::ProcessObject::GetOutput(2));
  }

  /** Everything else that was found, for the block that was computed. */
  const ConsensusResult &
  Result() const
  {
    return m_Result;
  }
  /** The block that was computed: annotations as label indices. */
  const AnnotationBlock &
  Block() const
  {
    return m_Block;
  }
  /** Index of the block's first voxel in the image buffer, along x, y, z. */
  const std::array<std::size_t, 3> &
  BlockStart() const
  {
    return m_Start;
  }
  /** Voxels outside the block that each annotator looked at; all of them were drawn as background.
   */
  const std::vector<std::uint64_t> &
  OutsideVoxels() const
  {
    return m_Outside;
  }

protected:
  GraphCutConsensusImageFilter();

  using Superclass::MakeOutput;
  itk::DataObject::Pointer
  MakeOutput(itk::ProcessObject::DataObjectPointerArraySizeType index) override;

  void
  Fuse(const MapVotes & votes) override;

private:
  void
  CheckImage() const;
  void
  ChooseBlock(const VotePatterns & patterns, const std::vector<std::uint32_t> & numbers);
  void
  CutOutBlock(const VotePatterns & patterns, const std::vector<std::uint32_t> & numbers);
  void
  PaintOutputs();

  /** Calls body(voxel in the block, voxel in the image). */
  template <typename TBody>
  void
  ForBlock(const TBody & body) const;

  typename TImage::ConstPointer m_Image;
  ConsensusOptions m_Options;
  std::map<unsigned, std::shared_ptr<const AnnotatorForest>> m_Forests;
  AnnotationBlock m_Block;
  std::vector<float> m_BlockImage;
  std::array<std::size_t, 3> m_Start{};
  std::vector<std::uint64_t> m_Outside;
  ConsensusResult m_Result;
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusGraphCutConsensusImageFilter.hxx"
#endif
