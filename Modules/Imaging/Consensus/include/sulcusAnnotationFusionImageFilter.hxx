#pragma once

#include "sulcusAnnotationFusionImageFilter.h"

#include <mutex>

namespace sulcus
{

template <typename TLabelImage, typename TOutputImage>
void
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::VerifyPreconditions() ITKv5_CONST
{
  if (this->GetNumberOfIndexedInputs() == 0 || this->GetInput(0) == nullptr)
  {
    throw UsageError("fusion: no annotators");
  }
  for (unsigned i = 0; i < this->GetNumberOfIndexedInputs(); ++i)
  {
    if (this->GetInput(i) == nullptr)
    {
      throw UsageError(Message(
          "fusion: annotation ", i + 1, " of ", this->GetNumberOfIndexedInputs(), " is missing"));
    }
  }
  Superclass::VerifyPreconditions();
}

template <typename TLabelImage, typename TOutputImage>
void
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::GenerateInputRequestedRegion()
{
  Superclass::GenerateInputRequestedRegion();
  for (unsigned i = 0; i < this->GetNumberOfIndexedInputs(); ++i)
  {
    if (auto * input = const_cast<TLabelImage *>(this->GetInput(i)))
    {
      input->SetRequestedRegionToLargestPossibleRegion();
    }
  }
}

template <typename TLabelImage, typename TOutputImage>
void
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::EnlargeOutputRequestedRegion(
    itk::DataObject * data)
{
  Superclass::EnlargeOutputRequestedRegion(data);
  data->SetRequestedRegionToLargestPossibleRegion();
}

template <typename TLabelImage, typename TOutputImage>
const std::uint8_t *
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::MaskOf(unsigned index) const
{
  const auto found = m_Masks.find(index);
  if (found == m_Masks.end() || !found->second)
  {
    return nullptr;
  }
  const auto & region = this->GetInput(0)->GetBufferedRegion();
  if (found->second->GetBufferedRegion().GetSize() != region.GetSize())
  {
    throw GeometryError(Message(
        "fusion: the observed mask of annotation ", index + 1, " has another size than the maps"));
  }
  return found->second->GetBufferPointer();
}

template <typename TLabelImage, typename TOutputImage>
void
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::FindLabelValues()
{
  m_MissingOccurs = m_MissingValue.has_value();
  if (const auto foreground = Foreground())
  {
    m_LabelValues = {LabelPixel(0), *foreground};
    return;
  }
  std::unordered_set<LabelPixel> found{LabelPixel(0)};
  for (unsigned i = 0; i < this->GetNumberOfIndexedInputs(); ++i)
  {
    AddValuesOf(i, found);
    if (found.size() > VotePatterns::MissingVote - 1)
    {
      throw UsageError(Message("fusion: annotation ",
                               i + 1,
                               " brings the number of labels to ",
                               found.size(),
                               "; at most 65,534 are supported. Is it an intensity image?"));
    }
  }
  m_MissingOccurs = m_MissingValue && found.erase(*m_MissingValue) > 0;
  m_LabelValues.assign(found.begin(), found.end());
  std::sort(m_LabelValues.begin(), m_LabelValues.end());
}

template <typename TLabelImage, typename TOutputImage>
void
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::AddValuesOf(
    unsigned index, std::unordered_set<LabelPixel> & values) const
{
  constexpr std::size_t blockSize = 64;
  const LabelPixel * buffer = this->GetInput(index)->GetBufferPointer();
  const std::uint8_t * mask = MaskOf(index);
  std::mutex merging;
  ParallelFor(
      this->GetInput(index)->GetBufferedRegion().GetNumberOfPixels(),
      [&](std::size_t begin, std::size_t end)
      {
        std::unordered_set<LabelPixel> own;
        LabelPixel last = 0; // runs of one label are the rule
        for (std::size_t first = begin; first < end; first += blockSize)
        {
          const std::size_t count = std::min(blockSize, end - first);
          if (!mask && IsFilledWith(last, buffer + first, count))
          {
            continue;
          }
          for (std::size_t p = first; p < first + count; ++p)
          {
            if (buffer[p] != last && (!mask || mask[p] != 0))
            {
              last = buffer[p];
              own.insert(last);
            }
          }
        }
        const std::scoped_lock lock(merging);
        values.insert(own.begin(), own.end());
      },
      1 << 16);
}

/** Index of every value a stored pixel may have. */
template <typename TLabelImage, typename TOutputImage>
std::vector<std::uint16_t>
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::IndexTable() const
{
  std::vector<std::uint16_t> table(VoteTable<StoredPixel>::ValueCount, VotePatterns::MissingVote);
  if (const auto foreground = Foreground())
  {
    std::fill(table.begin(), table.end(), std::uint16_t(0)); // everything else is background
    table[static_cast<std::size_t>(*foreground)] = 1;
  }
  else
  {
    for (std::size_t i = 0; i < m_LabelValues.size(); ++i)
    {
      table[static_cast<std::size_t>(m_LabelValues[i])] = static_cast<std::uint16_t>(i);
    }
  }
  if (m_MissingValue)
  {
    table[static_cast<std::size_t>(*m_MissingValue)] = VotePatterns::MissingVote;
  }
  return table;
}

template <typename TLabelImage, typename TOutputImage>
void
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::GenerateData()
{
  this->AllocateOutputs();
  FindLabelValues();
  const auto count =
      static_cast<std::size_t>(this->GetInput(0)->GetBufferedRegion().GetNumberOfPixels());
  const unsigned raters = static_cast<unsigned>(this->GetNumberOfIndexedInputs());
  const auto labelCount = static_cast<unsigned>(m_LabelValues.size());
  if constexpr (IsDirect)
  {
    using Table = VoteTable<StoredPixel>;
    std::vector<typename Table::Rater> maps;
    for (unsigned i = 0; i < raters; ++i)
    {
      maps.push_back({this->GetInput(i)->GetBufferPointer(), MaskOf(i)});
    }
    auto index = IndexTable();
    // a value no map holds must not make the table believe that votes can be missing
    if (!m_MissingOccurs && !Foreground())
    {
      std::replace(index.begin(), index.end(), VotePatterns::MissingVote, std::uint16_t(0));
    }
    Fuse(MapVotes(Table(std::move(maps), count, std::move(index), labelCount)));
  }
  else
  {
    using Table = VoteTable<std::uint16_t>;
    std::vector<std::vector<std::uint16_t>> stored(raters, std::vector<std::uint16_t>(count));
    std::vector<typename Table::Rater> maps;
    const auto foreground = Foreground();
    for (unsigned i = 0; i < raters; ++i)
    {
      const LabelPixel * buffer = this->GetInput(i)->GetBufferPointer();
      for (std::size_t p = 0; p < count; ++p)
      {
        const bool missing = m_MissingValue && buffer[p] == *m_MissingValue;
        const auto place = std::lower_bound(m_LabelValues.begin(), m_LabelValues.end(), buffer[p]) -
                           m_LabelValues.begin();
        stored[i][p] = missing      ? VotePatterns::MissingVote
                       : foreground ? std::uint16_t(buffer[p] == *foreground)
                                    : static_cast<std::uint16_t>(place);
      }
      maps.push_back({stored[i].data(), MaskOf(i)});
    }
    std::vector<std::uint16_t> index(Table::ValueCount, 0);
    for (unsigned l = 0; l < labelCount; ++l)
    {
      index[l] = static_cast<std::uint16_t>(l);
    }
    index[VotePatterns::MissingVote] =
        m_MissingOccurs ? VotePatterns::MissingVote : std::uint16_t(0);
    Fuse(MapVotes(Table(std::move(maps), count, std::move(index), labelCount)));
  }
}

template <typename TLabelImage, typename TOutputImage>
std::array<std::size_t, 3>
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::BlockSize() const
{
  std::array<std::size_t, 3> size{1, 1, 1};
  for (unsigned axis = 0; axis < std::min(3U, TLabelImage::ImageDimension); ++axis)
  {
    size[axis] = this->GetInput(0)->GetBufferedRegion().GetSize(axis);
  }
  return size;
}

template <typename TLabelImage, typename TOutputImage>
std::array<double, 3>
AnnotationFusionImageFilter<TLabelImage, TOutputImage>::BlockSpacing() const
{
  std::array<double, 3> spacing{1.0, 1.0, 1.0};
  for (unsigned axis = 0; axis < std::min(3U, TLabelImage::ImageDimension); ++axis)
  {
    spacing[axis] = this->GetInput(0)->GetSpacing()[axis];
  }
  return spacing;
}

} // namespace sulcus
