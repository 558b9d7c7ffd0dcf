#pragma once

#include <itkMultiThreaderBase.h>
#include <itkProcessObject.h>

#include <algorithm>
#include <cstddef>

namespace sulcus
{

/** Calls body(begin, end) on contiguous pieces of [0, count) with the filter's own threads, reports
 * progress from `progressBegin` to `progressEnd` and stops with itk::ProcessAborted once the filter
 * is told to abort. The pieces are handed out in batches of about a million voxels, so that both
 * happen every few milliseconds. */
template <typename TBody>
void
ForEachPiece(itk::ProcessObject & filter,
             std::size_t count,
             std::size_t voxelsPerItem,
             float progressBegin,
             float progressEnd,
             const TBody & body)
{
  constexpr std::size_t voxelsPerBatch = std::size_t{1} << 20;
  constexpr std::size_t voxelsPerPiece = std::size_t{1} << 14;
  const std::size_t itemsPerBatch =
      std::max<std::size_t>(1, voxelsPerBatch / std::max<std::size_t>(1, voxelsPerItem));
  for (std::size_t begin = 0; begin < count; begin += itemsPerBatch)
  {
    if (filter.GetAbortGenerateData())
    {
      throw itk::ProcessAborted(__FILE__, __LINE__);
    }
    const std::size_t items = std::min(itemsPerBatch, count - begin);
    const std::size_t worthwhile = std::max<std::size_t>(1, items * voxelsPerItem / voxelsPerPiece);
    const std::size_t pieces =
        std::min({items, worthwhile, static_cast<std::size_t>(filter.GetNumberOfWorkUnits())});
    if (pieces == 1)
    {
      body(begin, begin + items);
    }
    else
    {
      filter.GetMultiThreader()->SetNumberOfWorkUnits(static_cast<itk::ThreadIdType>(pieces));
      filter.GetMultiThreader()->ParallelizeArray(
          0,
          pieces,
          [&](itk::SizeValueType piece)
          { body(begin + piece * items / pieces, begin + (piece + 1) * items / pieces); },
          nullptr);
    }
    const float done = static_cast<float>(begin + items) / static_cast<float>(count);
    filter.UpdateProgress(progressBegin + (progressEnd - progressBegin) * done);
  }
  if (filter.GetAbortGenerateData())
  {
    throw itk::ProcessAborted(__FILE__, __LINE__);
  }
}

} // namespace sulcus
