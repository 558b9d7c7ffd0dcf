#include "sulcusErasing.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

using torch::Tensor;
using Box = std::array<std::int64_t, 6>; ///< begin z, y, x, then end, half-open

Tensor
InBox(const Tensor & volume, const Box & box)
{
  auto part = volume;
  const auto first = volume.dim() - 3;
  for (int axis = 0; axis < 3; ++axis)
  {
    part = part.narrow(first + axis, box[axis], box[axis + 3] - box[axis]);
  }
  return part;
}

/** Visits the component of `start`, marking its voxels in `seen`, and lists them. */
void
CollectComponent(const bool * mask,
                 const std::array<std::int64_t, 3> & size,
                 std::int64_t start,
                 std::vector<bool> & seen,
                 std::vector<std::int64_t> & members)
{
  members.assign(1, start);
  seen[start] = true;
  for (std::size_t next = 0; next < members.size(); ++next)
  {
    const auto x = members[next] % size[2];
    const auto y = members[next] / size[2] % size[1];
    const auto z = members[next] / (size[2] * size[1]);
    for (auto nz = std::max<std::int64_t>(z - 1, 0); nz <= std::min(z + 1, size[0] - 1); ++nz)
    {
      for (auto ny = std::max<std::int64_t>(y - 1, 0); ny <= std::min(y + 1, size[1] - 1); ++ny)
      {
        for (auto nx = std::max<std::int64_t>(x - 1, 0); nx <= std::min(x + 1, size[2] - 1); ++nx)
        {
          const auto neighbour = (nz * size[1] + ny) * size[2] + nx;
          if (mask[neighbour] && !seen[neighbour])
          {
            seen[neighbour] = true;
            members.push_back(neighbour);
          }
        }
      }
    }
  }
}

/** A box of a share of the volume, anywhere. */
Box
BoxOfShare(torch::IntArrayRef size, double share, RandomEngine & random)
{
  Box box{};
  for (int axis = 0; axis < 3; ++axis)
  {
    const auto edge = std::max<std::int64_t>(
        1,
        static_cast<std::int64_t>(std::floor(std::cbrt(share) * static_cast<double>(size[axis]))));
    box[axis] = random.Integer(0, size[axis] - edge);
    box[axis + 3] = box[axis] + edge;
  }
  return box;
}

/** Mean and standard deviation over the voxels where `where` is true, [N, C, 1, 1, 1] each. */
std::array<Tensor, 2>
Moments(const Tensor & image, const Tensor & where)
{
  const std::vector<std::int64_t> space{2, 3, 4};
  const auto weight = where.to(image.scalar_type());
  const auto count = weight.sum(space, true).clamp_min(1);
  const auto mean = (image * weight).sum(space, true) / count;
  const auto variance = ((image - mean).square() * weight).sum(space, true) / count;
  return {mean, variance.sqrt()};
}

} // namespace

Tensor
PredictedMask(const Tensor & probability, double threshold)
{
  return 1 - probability.narrow(1, 0, 1) > threshold;
}

Tensor
OneClassMask(const Tensor & probability, double threshold, RandomEngine & random)
{
  const auto each = probability.narrow(1, 1, probability.size(1) - 1) > threshold;
  const auto volumes = each.sum({2, 3, 4}).to(torch::kCPU);
  auto mask = torch::zeros_like(each.narrow(1, 0, 1));
  for (std::int64_t n = 0; n < each.size(0); ++n)
  {
    std::vector<double> weights;
    double sum = 0.0;
    for (std::int64_t c = 0; c < each.size(1); ++c)
    {
      const auto voxels = static_cast<double>(volumes[n][c].item<std::int64_t>());
      weights.push_back(voxels > 0 ? 1.0 / std::sqrt(voxels) : 0.0);
      sum += weights.back();
    }
    if (sum > 0)
    {
      mask[n][0].copy_(each[n][static_cast<std::int64_t>(random.Weighted(weights))]);
    }
  }
  return mask;
}

std::array<std::int64_t, 3>
RadiusInVoxels(double mm, const std::array<double, 3> & spacingInMm)
{
  std::array<std::int64_t, 3> radius{};
  for (int axis = 0; axis < 3; ++axis)
  {
    // 2 mm at a spacing of 1.0000001 mm (a header in single precision) is two voxels
    radius[axis] = static_cast<std::int64_t>(std::ceil(mm / spacingInMm[axis] - 1e-4));
  }
  return radius;
}

Tensor
Dilate(const Tensor & mask, const std::array<std::int64_t, 3> & radius)
{
  // A few cheap passes over bytes; LibTorch's max pooling of one channel takes a step's time.
  auto grown = mask.clone();
  for (int axis = 0; axis < 3; ++axis)
  {
    const auto along = axis + 2;
    const auto length = mask.size(along);
    const auto before = grown.clone();
    for (std::int64_t shift = 1; shift <= std::min(radius[axis], length - 1); ++shift)
    {
      const auto kept = length - shift;
      grown.narrow(along, shift, kept).logical_or_(before.narrow(along, 0, kept));
      grown.narrow(along, 0, kept).logical_or_(before.narrow(along, shift, kept));
    }
  }
  return grown;
}

Tensor
DropSmallComponents(const Tensor & mask, std::int64_t smallest)
{
  if (smallest <= 1)
  {
    return mask;
  }
  const auto kept = mask.to(torch::kCPU).clone().contiguous();
  const std::array<std::int64_t, 3> size{mask.size(2), mask.size(3), mask.size(4)};
  const auto voxels = size[0] * size[1] * size[2];
  std::vector<std::int64_t> members;
  for (std::int64_t n = 0; n < mask.size(0); ++n)
  {
    bool * values = kept.data_ptr<bool>() + n * voxels;
    std::vector<bool> seen(voxels, false);
    for (std::int64_t v = 0; v < voxels; ++v)
    {
      if (!values[v] || seen[v])
      {
        continue;
      }
      CollectComponent(values, size, v, seen, members);
      if (static_cast<std::int64_t>(members.size()) < smallest)
      {
        // All neighbours of these are seen or false already, so clearing them splits nothing.
        std::for_each(
            members.begin(), members.end(), [values](std::int64_t m) { values[m] = false; });
      }
    }
  }
  return kept.to(mask.device());
}

Tensor
LimitErased(const Tensor & mask, double largestFraction, RandomEngine & random)
{
  const auto voxels = static_cast<double>(mask.size(2) * mask.size(3) * mask.size(4));
  const auto counts = mask.sum({1, 2, 3, 4}).to(torch::kCPU);
  auto limited = mask;
  for (std::int64_t n = 0; n < mask.size(0); ++n)
  {
    if (static_cast<double>(counts[n].item<std::int64_t>()) <= largestFraction * voxels)
    {
      continue;
    }
    if (limited.is_same(mask))
    {
      limited = mask.clone();
    }
    const auto box = BoxOfShare(mask.sizes().slice(2), largestFraction, random);
    const auto inside = InBox(mask[n], box).clone();
    limited[n].zero_();
    InBox(limited[n], box).copy_(inside);
  }
  return limited;
}

Tensor
RandomCuboid(const Tensor & image, const std::array<double, 3> & spacingInMm, RandomEngine & random)
{
  auto mask = torch::zeros({1, image.size(1), image.size(2), image.size(3)},
                           image.options().dtype(torch::kBool));
  const auto first = image[0].to(torch::kCPU, torch::kFloat);
  const auto low = first.min();
  const auto high = first.max();
  const auto tissue = (first > low + 0.1 * (high - low)).flatten().nonzero().flatten();
  if (tissue.numel() == 0)
  {
    return mask;
  }
  auto place = tissue[random.Integer(0, tissue.numel() - 1)].item<std::int64_t>();
  std::array<std::int64_t, 3> centre{};
  for (int axis = 2; axis >= 0; --axis)
  {
    centre[axis] = place % image.size(axis + 1);
    place /= image.size(axis + 1);
  }
  Box box{};
  for (int axis = 0; axis < 3; ++axis)
  {
    const auto size = image.size(axis + 1);
    const auto edge =
        std::max<std::int64_t>(1, std::llround(random.Uniform(10.0, 30.0) / spacingInMm[axis]));
    box[axis] = std::max<std::int64_t>(0, centre[axis] - edge / 2);
    box[axis + 3] = std::min(size, centre[axis] - edge / 2 + edge);
  }
  InBox(mask, box).fill_(true);
  return mask;
}

Tensor
MakeErasedMask(const Tensor & probability,
               const std::vector<std::array<double, 3>> & spacingInMm,
               const EraseOptions & options,
               const RandomEngine & random)
{
  std::vector<Tensor> masks;
  for (std::int64_t n = 0; n < probability.size(0); ++n)
  {
    auto own = random.Fork(static_cast<std::uint64_t>(n));
    const auto & spacing = spacingInMm.at(static_cast<std::size_t>(n));
    const auto sample = probability.narrow(0, n, 1);
    auto mask = options.oneClass ? OneClassMask(sample, options.threshold, own)
                                 : PredictedMask(sample, options.threshold);
    const double voxelInMm3 = spacing[0] * spacing[1] * spacing[2];
    mask = DropSmallComponents(
        mask, static_cast<std::int64_t>(std::ceil(options.smallestComponentInMm3 / voxelInMm3)));
    mask = Dilate(mask, RadiusInVoxels(options.dilationInMm, spacing));
    masks.push_back(LimitErased(mask, options.largestFraction, own));
  }
  return torch::cat(masks);
}

Tensor
FillErased(const Tensor & image,
           const Tensor & mask,
           const Tensor & noise,
           const std::vector<std::array<double, 3>> & spacingInMm,
           const EraseOptions & options)
{
  if (!options.shellFill)
  {
    return image.masked_fill(mask, 0.0);
  }
  std::vector<Tensor> filled;
  for (std::int64_t n = 0; n < image.size(0); ++n)
  {
    const auto x = image.narrow(0, n, 1);
    const auto m = mask.narrow(0, n, 1);
    const auto & spacing = spacingInMm.at(static_cast<std::size_t>(n));
    auto shell = Dilate(m, RadiusInVoxels(options.shellInMm, spacing)).logical_and(m.logical_not());
    const auto [mean, deviation] = Moments(x, shell);
    filled.push_back(torch::where(m, mean + deviation * noise.narrow(0, n, 1), x));
  }
  return torch::cat(filled);
}

Tensor
Composite(const Tensor & image, const Tensor & repainted, const Tensor & mask)
{
  return torch::where(mask, repainted.to(image.scalar_type()), image);
}

} // namespace sulcus
