#include "sulcusViewCorrespondence.h"

#include <torch/types.h>

namespace sulcus
{
namespace
{

void
FillDense(float * out,
          const std::array<std::int64_t, 3> & size,
          const ResampleMap & from,
          const ResampleMap & to)
{
  const bool isAffine = from.displacement.IsEmpty() && to.displacement.IsEmpty();
  const bool isSame = from.sourceFromPatch.RowMajor() == to.sourceFromPatch.RowMajor() &&
                      from.displacement.values == to.displacement.values;
  const Affine direct = isSame     ? Affine()
                        : isAffine ? to.sourceFromPatch.Inverse().After(from.sourceFromPatch)
                                   : Affine();
  const auto voxels = size[0] * size[1] * size[2];
  std::int64_t at = 0;
  for (std::int64_t z = 0; z < size[0]; ++z)
  {
    for (std::int64_t y = 0; y < size[1]; ++y)
    {
      for (std::int64_t x = 0; x < size[2]; ++x, ++at)
      {
        const Affine::Point voxel{
            static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
        const auto there = isSame || isAffine ? direct(voxel) : to.Invert(from(voxel));
        for (std::int64_t axis = 0; axis < 3; ++axis)
        {
          out[axis * voxels + at] = static_cast<float>(there[static_cast<std::size_t>(axis)]);
        }
      }
    }
  }
}

torch::Tensor &
Slot(Stream & view, const char * name, const std::vector<std::int64_t> & shape, torch::Dtype type)
{
  auto & tensor = view.extra[name];
  if (!tensor.defined())
  {
    tensor = torch::empty(shape, type);
  }
  return tensor;
}

} // namespace

void
AddCorrespondence(Stream & view,
                  std::size_t samples,
                  std::size_t sample,
                  Correspondence kind,
                  const std::array<std::int64_t, 3> & patchSize,
                  const ResampleMap & mapOfView1,
                  const ResampleMap & mapOfThisView)
{
  const auto count = static_cast<std::int64_t>(samples);
  if (kind == Correspondence::Affine)
  {
    auto & tensor = Slot(view, "fromView1", {count, 3, 4}, torch::kDouble);
    const bool isSame =
        mapOfView1.sourceFromPatch.RowMajor() == mapOfThisView.sourceFromPatch.RowMajor();
    const auto map =
        isSame ? Affine()
               : mapOfThisView.sourceFromPatch.Inverse().After(mapOfView1.sourceFromPatch);
    std::copy_n(map.RowMajor().begin(), 12, tensor.data_ptr<double>() + 12 * sample);
  }
  if (kind == Correspondence::Dense)
  {
    auto & tensor = Slot(view,
                         "positionOfView1",
                         {count, 3, patchSize[0], patchSize[1], patchSize[2]},
                         torch::kFloat);
    const auto length = static_cast<std::size_t>(tensor.numel()) / samples;
    FillDense(tensor.data_ptr<float>() + sample * length, patchSize, mapOfView1, mapOfThisView);
  }
}

} // namespace sulcus
