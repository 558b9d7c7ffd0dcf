#include "sulcusMaskPair.h"

#include <sulcusThreads.h>

#include <algorithm>

namespace sulcus
{

void
IndexBox::Include(const std::array<std::int64_t, 3> & index)
{
  Include(IndexBox{index, index});
}

void
IndexBox::Include(const IndexBox & other)
{
  if (other.IsEmpty())
  {
    return;
  }
  if (IsEmpty())
  {
    *this = other;
    return;
  }
  for (std::size_t a = 0; a < 3; ++a)
  {
    first[a] = std::min(first[a], other.first[a]);
    last[a] = std::max(last[a], other.last[a]);
  }
}

MaskPair
CropMasks(const LabelImage * reference,
          const LabelImage * prediction,
          std::span<const std::uint16_t> values,
          const IndexBox & box)
{
  MaskPair pair;
  if (box.IsEmpty())
  {
    return pair;
  }
  const auto gridSize = reference->GetLargestPossibleRegion().GetSize();
  std::vector<std::uint8_t> belongs(65536, 0);
  for (const auto value : values)
  {
    belongs[value] = 1;
  }
  for (unsigned int a = 0; a < 3; ++a)
  {
    pair.size[a] = static_cast<std::size_t>(box.last[a] - box.first[a] + 1);
    pair.spacingInMm[a] = reference->GetSpacing()[a];
  }
  pair.voxels.resize(pair.VoxelCount());
  const auto * referenceLabels = reference->GetBufferPointer();
  const auto * predictionLabels = prediction->GetBufferPointer();
  ParallelFor(pair.size[1] * pair.size[2],
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t line = begin; line < end; ++line)
                {
                  const auto y = static_cast<std::size_t>(box.first[1]) + line % pair.size[1];
                  const auto z = static_cast<std::size_t>(box.first[2]) + line / pair.size[1];
                  const auto from =
                      static_cast<std::size_t>(box.first[0]) + gridSize[0] * (y + gridSize[1] * z);
                  auto * to = pair.voxels.data() + line * pair.size[0];
                  for (std::size_t x = 0; x < pair.size[0]; ++x)
                  {
                    to[x] = static_cast<std::uint8_t>(
                        belongs[referenceLabels[from + x]] * MaskPair::Reference +
                        belongs[predictionLabels[from + x]] * MaskPair::Prediction);
                  }
                }
              });
  return pair;
}

} // namespace sulcus
