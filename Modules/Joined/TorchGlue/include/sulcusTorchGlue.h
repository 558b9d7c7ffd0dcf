#pragma once

#include <sulcusImageGrid.h>
#include <sulcusImages.h>

#include <torch/types.h>

#include <vector>

namespace sulcus
{

// The one place where image axes x, y, z become tensor axes z, y, x. Both store x fastest, so
// nothing is rearranged.

/** An image's voxels as a float tensor [z, y, x] that shares its memory and keeps it alive. */
torch::Tensor
TensorOf(const FloatImage::Pointer & image);

/** A label map's values, copied: int64 [z, y, x]. */
torch::Tensor
TensorOf(const LabelImage * image);

/** Channels on one grid as a tensor [C, z, y, x], copied. \throws UsageError if there is none or
 * sizes differ. */
torch::Tensor
StackChannels(const std::vector<FloatImage::Pointer> & channels);

/** A tensor [z, y, x] of any number type as an image on a grid, copied. \throws UsageError if the
 * sizes differ. */
FloatImage::Pointer
FloatImageOf(const torch::Tensor & tensor, const ImageGrid & grid);

/** Whole numbers 0 … 65535 [z, y, x] as a label map on a grid, copied. \throws UsageError for other
 * sizes or values. */
LabelImage::Pointer
LabelImageOf(const torch::Tensor & tensor, const ImageGrid & grid);

} // namespace sulcus
