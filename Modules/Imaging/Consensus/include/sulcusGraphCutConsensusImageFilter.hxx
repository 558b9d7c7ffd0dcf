#pragma once

#include "sulcusGraphCutConsensusImageFilter.h"

#include <cmath>

namespace sulcus
{

template <typename TLabelImage, typename TImage>
GraphCutConsensusImageFilter<TLabelImage, TImage>::GraphCutConsensusImageFilter()
{
  this->SetNumberOfRequiredOutputs(3);
  for (unsigned i = 0; i < 3; ++i)
  {
    this->SetNthOutput(i, this->MakeOutput(i));
  }
}

template <typename TLabelImage, typename TImage>
itk::DataObject::Pointer
GraphCutConsensusImageFilter<TLabelImage, TImage>::MakeOutput(
    itk::ProcessObject::DataObjectPointerArraySizeType index)
{
  if (index == 1)
  {
    return ConfidenceImage::New().GetPointer();
  }
  if (index == 2)
  {
    return FlagImage::New().GetPointer();
  }
  return TLabelImage::New().GetPointer();
}

template <typename TLabelImage, typename TImage>
template <typename TBody>
void
GraphCutConsensusImageFilter<TLabelImage, TImage>::ForBlock(const TBody & body) const
{
  const auto size = this->BlockSize();
  std::size_t inBlock = 0;
  for (std::size_t z = 0; z < m_Block.size[2]; ++z)
  {
    for (std::size_t y = 0; y < m_Block.size[1]; ++y)
    {
      const std::size_t row = m_Start[0] + size[0] * (m_Start[1] + y + size[1] * (m_Start[2] + z));
      for (std::size_t x = 0; x < m_Block.size[0]; ++x, ++inBlock)
      {
        body(inBlock, row + x);
      }
    }
  }
}

template <typename TLabelImage, typename TImage>
void
GraphCutConsensusImageFilter<TLabelImage, TImage>::ChooseBlock(
    const VotePatterns & patterns, const std::vector<std::uint32_t> & numbers)
{
  const auto size = this->BlockSize();
  const auto spacing = this->BlockSpacing();
  m_Start = {0, 0, 0};
  m_Block.size = size;
  if (!m_Options.clampUnanimous || patterns.raterCount < 2)
  {
    return;
  }
  // of interest: anything but at least two annotators seeing background
  std::vector<std::uint8_t> interesting(patterns.Size());
  for (std::size_t i = 0; i < patterns.Size(); ++i)
  {
    const auto pattern = patterns.Pattern(i);
    const auto background = std::count(pattern.begin(), pattern.end(), 0);
    const auto missing = std::count(pattern.begin(), pattern.end(), VotePatterns::MissingVote);
    interesting[i] =
        background + missing != static_cast<std::ptrdiff_t>(pattern.size()) || background < 1;
  }
  std::array<std::size_t, 3> low = size;
  std::array<std::size_t, 3> high{0, 0, 0};
  for (std::size_t p = 0; p < numbers.size(); ++p)
  {
    if (interesting[numbers[p]] == 0)
    {
      continue;
    }
    const std::array<std::size_t, 3> index{
        p % size[0], p / size[0] % size[1], p / size[0] / size[1]};
    for (unsigned axis = 0; axis < 3; ++axis)
    {
      low[axis] = std::min(low[axis], index[axis]);
      high[axis] = std::max(high[axis], index[axis] + 1);
    }
  }
  const double marginInMm =
      m_Image ? 16.0 : 2.0; // the image part needs context for folds and features
  if (high[0] == 0)
  {
    low = {0, 0, 0}; // nothing drawn at all: a corner says it
    high = {1, 1, 1};
  }
  for (unsigned axis = 0; axis < 3; ++axis)
  {
    const auto margin = static_cast<std::size_t>(std::ceil(marginInMm / spacing[axis])) + 1;
    m_Start[axis] = low[axis] > margin ? low[axis] - margin : 0;
    m_Block.size[axis] = std::min(size[axis], high[axis] + margin) - m_Start[axis];
  }
}

template <typename TLabelImage, typename TImage>
void
GraphCutConsensusImageFilter<TLabelImage, TImage>::CutOutBlock(
    const VotePatterns & patterns, const std::vector<std::uint32_t> & numbers)
{
  m_Block.spacingInMm = this->BlockSpacing();
  m_Block.labelCount = patterns.labelCount;
  m_Block.labelValues.assign(this->LabelValues().begin(), this->LabelValues().end());
  m_Block.forests.assign(patterns.raterCount, nullptr);
  for (const auto & [index, forest] : m_Forests)
  {
    if (index >= m_Block.forests.size())
    {
      throw UsageError(
          Message("consensus: a forest for annotator ", index + 1, ", who is not one"));
    }
    m_Block.forests[index] = forest;
  }
  m_Block.votes.assign(patterns.raterCount, std::vector<std::uint16_t>(m_Block.VoxelCount()));
  m_Outside.assign(patterns.raterCount, 0);
  for (std::size_t i = 0; i < patterns.Size(); ++i)
  {
    for (std::size_t r = 0; r < patterns.raterCount; ++r)
    {
      m_Outside[r] += patterns.Pattern(i)[r] != VotePatterns::MissingVote ? patterns.counts[i] : 0;
    }
  }
  ForBlock(
      [&](std::size_t inBlock, std::size_t voxel)
      {
        const auto pattern = patterns.Pattern(numbers[voxel]);
        for (std::size_t r = 0; r < patterns.raterCount; ++r)
        {
          m_Block.votes[r][inBlock] = pattern[r];
          m_Outside[r] -= pattern[r] != VotePatterns::MissingVote ? 1 : 0;
        }
      });
  m_BlockImage.clear();
  if (m_Image)
  {
    const auto * buffer = m_Image->GetBufferPointer();
    m_BlockImage.resize(m_Block.VoxelCount());
    ForBlock([&](std::size_t inBlock, std::size_t voxel)
             { m_BlockImage[inBlock] = static_cast<float>(buffer[voxel]); });
  }
  m_Block.image = m_BlockImage;
}

template <typename TLabelImage, typename TImage>
void
GraphCutConsensusImageFilter<TLabelImage, TImage>::CheckImage() const
{
  if (!m_Image)
  {
    return;
  }
  if (m_Image->GetBufferedRegion().GetSize() != this->GetInput(0)->GetBufferedRegion().GetSize())
  {
    throw GeometryError("consensus: the image has another size than the annotations");
  }
  const auto * buffer = m_Image->GetBufferPointer();
  const auto count = m_Image->GetBufferedRegion().GetNumberOfPixels();
  const auto bad =
      std::count_if(buffer, buffer + count, [](auto v) { return !std::isfinite(double(v)); });
  if (bad > 0)
  {
    throw InputError(Message("consensus: the image has ", bad, " voxels that are NaN or infinite"));
  }
}

template <typename TLabelImage, typename TImage>
void
GraphCutConsensusImageFilter<TLabelImage, TImage>::Fuse(const MapVotes & votes)
{
  CheckImage();
  const auto & patterns = votes.Patterns();
  const auto numbers = votes.PatternOfVoxels();
  ChooseBlock(patterns, numbers);
  CutOutBlock(patterns, numbers);
  m_Result = RunGraphCutConsensus(
      m_Block, m_Options, [this](double share) { this->UpdateProgress(float(share)); });
  // outside the block everyone who looked saw background
  std::vector<std::uint8_t> flagsOfPattern(patterns.Size(), 0);
  for (std::size_t i = 0; i < patterns.Size(); ++i)
  {
    const auto pattern = patterns.Pattern(i);
    const auto missing = std::count(pattern.begin(), pattern.end(), VotePatterns::MissingVote);
    flagsOfPattern[i] = pattern.size() - static_cast<std::size_t>(missing) >= 2 ? FlagUnanimous : 0;
  }
  votes.Paint(flagsOfPattern, GetFlags()->GetBufferPointer());
  PaintOutputs();
}

template <typename TLabelImage, typename TImage>
void
GraphCutConsensusImageFilter<TLabelImage, TImage>::PaintOutputs()
{
  this->GetOutput()->FillBuffer(0);
  GetConfidence()->FillBuffer(1.0F);
  auto * labels = this->GetOutput()->GetBufferPointer();
  auto * confidence = GetConfidence()->GetBufferPointer();
  auto * flags = GetFlags()->GetBufferPointer();
  ForBlock(
      [&](std::size_t inBlock, std::size_t voxel)
      {
        labels[voxel] = this->LabelValues()[m_Result.labels[inBlock]];
        confidence[voxel] = m_Result.confidence[inBlock];
        flags[voxel] = m_Result.flags[inBlock];
      });
}

} // namespace sulcus
