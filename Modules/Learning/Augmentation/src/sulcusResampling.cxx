#include "sulcusResampling.h"

#include "sulcusVectorised.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace sulcus
{
namespace
{

/** Positions and trilinear taps of one row of patch voxels. */
struct RowTaps
{
  explicit RowTaps(std::int64_t width)
      : x(Size(width)), y(Size(width)), z(Size(width)), offset(Size(width)), nearest(Size(width)),
        outside(Size(width))
  {
  }

  static std::size_t
  Size(std::int64_t width)
  {
    return static_cast<std::size_t>(width);
  }

  std::vector<float> x; ///< first positions, then fractions
  std::vector<float> y;
  std::vector<float> z;
  std::vector<std::int32_t> offset;  ///< of the lowest corner
  std::vector<std::int32_t> nearest; ///< of the nearest voxel
  std::vector<std::int32_t> outside; ///< 1: beyond the source
};

/** What the loops need of the source's shape. Steps are 0 along an axis of one voxel. */
struct SourceShape
{
  explicit SourceShape(const std::array<std::int64_t, 3> & size)
      : sizeX(static_cast<std::int32_t>(size[2])), sizeY(static_cast<std::int32_t>(size[1])),
        sizeZ(static_cast<std::int32_t>(size[0])), strideY(sizeX), strideZ(sizeX * sizeY),
        stepX(sizeX > 1 ? 1 : 0), stepY(sizeY > 1 ? strideY : 0), stepZ(sizeZ > 1 ? strideZ : 0)
  {
  }

  std::int32_t sizeX, sizeY, sizeZ;
  std::int32_t strideY, strideZ;
  std::int32_t stepX, stepY, stepZ;
};

SULCUS_VECTORISED void
FillPositions(float * __restrict position,
              float start,
              float step,
              const float * __restrict displacement,
              std::int64_t width)
{
  for (std::int64_t i = 0; i < width; ++i)
  {
    position[i] = start + step * static_cast<float>(static_cast<std::int32_t>(i));
  }
  if (displacement != nullptr)
  {
    for (std::int64_t i = 0; i < width; ++i)
    {
      position[i] += displacement[i];
    }
  }
}

/** Turns positions along one axis into fractions and adds the axis's part of the offsets. */
SULCUS_VECTORISED void
FillTaps(float * __restrict position,
         std::int32_t * __restrict offset,
         std::int32_t * __restrict nearest,
         std::int32_t * __restrict outside,
         std::int32_t size,
         std::int32_t stride,
         std::int64_t width)
{
  const float last = static_cast<float>(size - 1);
  const std::int32_t lastBase = size > 1 ? size - 2 : 0;
  for (std::int64_t i = 0; i < width; ++i)
  {
    const float p = position[i];
    outside[i] |= (p < -0.5f) | (p > last + 0.5f);
    float inside = p < 0.0f ? 0.0f : p;
    inside = inside > last ? last : inside;
    std::int32_t base = static_cast<std::int32_t>(inside);
    base = base > lastBase ? lastBase : base;
    const float fraction = inside - static_cast<float>(base);
    position[i] = fraction;
    offset[i] += base * stride;
    nearest[i] += (base + (fraction > 0.5f ? 1 : 0)) * stride;
  }
}

SULCUS_VECTORISED void
LinearRow(const float * __restrict source,
          const std::int32_t * __restrict offset,
          const float * __restrict fx,
          const float * __restrict fy,
          const float * __restrict fz,
          std::int32_t stepX,
          std::int32_t stepY,
          std::int32_t stepZ,
          float * __restrict out,
          std::int64_t width)
{
  const float * source01 = source + stepY;
  const float * source10 = source + stepZ;
  const float * source11 = source + stepZ + stepY;
  for (std::int64_t i = 0; i < width; ++i)
  {
    const std::int32_t at = offset[i];
    const float x = fx[i];
    const float c00 = source[at] + x * (source[at + stepX] - source[at]);
    const float c01 = source01[at] + x * (source01[at + stepX] - source01[at]);
    const float c10 = source10[at] + x * (source10[at + stepX] - source10[at]);
    const float c11 = source11[at] + x * (source11[at + stepX] - source11[at]);
    const float c0 = c00 + fy[i] * (c01 - c00);
    const float c1 = c10 + fy[i] * (c11 - c10);
    out[i] = c0 + fz[i] * (c1 - c0);
  }
}

/** The class with the largest sum of trilinear weights among eight corners; ties to the lowest
 * class. */
std::uint8_t
Vote(const std::array<std::uint8_t, 8> & corner, float fx, float fy, float fz)
{
  const std::array<float, 2> wx{1.0f - fx, fx};
  const std::array<float, 2> wy{1.0f - fy, fy};
  const std::array<float, 2> wz{1.0f - fz, fz};
  std::uint8_t best = 0;
  float bestWeight = -1.0f;
  for (const auto candidate : corner)
  {
    float weight = 0.0f;
    for (std::size_t k = 0; k < 8; ++k)
    {
      weight += corner[k] == candidate ? wz[k >> 2] * wy[(k >> 1) & 1] * wx[k & 1] : 0.0f;
    }
    if (weight > bestWeight || (weight == bestWeight && candidate < best))
    {
      best = candidate;
      bestWeight = weight;
    }
  }
  return best;
}

void
VoteRow(const std::uint8_t * source,
        const RowTaps & taps,
        const SourceShape & shape,
        std::int64_t * out,
        std::int64_t width)
{
  const std::array<std::int32_t, 4> rows{0, shape.stepY, shape.stepZ, shape.stepZ + shape.stepY};
  for (std::int64_t i = 0; i < width; ++i)
  {
    const std::uint8_t * base = source + taps.offset[static_cast<std::size_t>(i)];
    std::array<std::uint8_t, 8> corner;
    for (std::size_t row = 0; row < 4; ++row)
    {
      corner[2 * row] = base[rows[row]];
      corner[2 * row + 1] = base[rows[row] + shape.stepX];
    }
    std::uint64_t word;
    std::memcpy(&word, corner.data(), 8);
    if (word == corner[0] * 0x0101010101010101ull)
    {
      out[i] = corner[0];
      continue;
    }
    const auto at = static_cast<std::size_t>(i);
    out[i] = Vote(corner, taps.x[at], taps.y[at], taps.z[at]);
  }
}

/** Samples row after row; one object a patch. */
class PatchSampler
{
public:
  PatchSampler(const VolumeView & source,
               const ResampleMap & map,
               LabelRule rule,
               const BorderRule & border,
               const PatchTarget & target)
      : m_Source(source), m_Map(map), m_Border(border), m_Target(target), m_Shape(source.size),
        m_Taps(target.size[2]), m_Nearest(rule == LabelRule::Nearest || !source.observed.empty())
  {
    if (!map.displacement.IsEmpty())
    {
      m_Displacement.emplace(map.displacement);
    }
  }

  void
  Run()
  {
    for (std::int64_t z = 0; z < m_Target.size[0]; ++z)
    {
      for (std::int64_t y = 0; y < m_Target.size[1]; ++y)
      {
        MakeTaps(z, y);
        WriteRow((z * m_Target.size[1] + y) * m_Target.size[2]);
      }
    }
  }

private:
  void
  MakeTaps(std::int64_t z, std::int64_t y)
  {
    const auto width = m_Target.size[2];
    const float * displacement = m_Displacement ? m_Displacement->Row(z, y).data() : nullptr;
    std::fill(m_Taps.offset.begin(), m_Taps.offset.end(), 0);
    std::fill(m_Taps.nearest.begin(), m_Taps.nearest.end(), 0);
    std::fill(m_Taps.outside.begin(), m_Taps.outside.end(), 0);
    const auto axis =
        [&](std::size_t row, std::vector<float> & position, std::int32_t size, std::int32_t stride)
    {
      const auto & m = m_Map.sourceFromPatch.RowMajor();
      const double start = m[4 * row + 1] * static_cast<double>(y) +
                           m[4 * row + 2] * static_cast<double>(z) + m[4 * row + 3];
      FillPositions(position.data(),
                    static_cast<float>(start),
                    static_cast<float>(m[4 * row]),
                    displacement == nullptr ? nullptr
                                            : displacement + static_cast<std::int64_t>(row) * width,
                    width);
      FillTaps(position.data(),
               m_Taps.offset.data(),
               m_Taps.nearest.data(),
               m_Taps.outside.data(),
               size,
               stride,
               width);
    };
    axis(0, m_Taps.x, m_Shape.sizeX, 1);
    axis(1, m_Taps.y, m_Shape.sizeY, m_Shape.strideY);
    axis(2, m_Taps.z, m_Shape.sizeZ, m_Shape.strideZ);
    m_AnyOutside =
        std::find(m_Taps.outside.begin(), m_Taps.outside.end(), 1) != m_Taps.outside.end();
  }

  void
  Linear(const float * source, float * out, bool fill, float valueOutside) const
  {
    const auto width = m_Target.size[2];
    LinearRow(source,
              m_Taps.offset.data(),
              m_Taps.x.data(),
              m_Taps.y.data(),
              m_Taps.z.data(),
              m_Shape.stepX,
              m_Shape.stepY,
              m_Shape.stepZ,
              out,
              width);
    if (fill && m_AnyOutside)
    {
      for (std::int64_t i = 0; i < width; ++i)
      {
        out[i] = m_Taps.outside[static_cast<std::size_t>(i)] != 0 ? valueOutside : out[i];
      }
    }
  }

  void
  WriteRow(std::int64_t row) const
  {
    const auto width = m_Target.size[2];
    const auto sourceVoxels = m_Source.size[0] * m_Source.size[1] * m_Source.size[2];
    const auto targetVoxels = m_Target.size[0] * m_Target.size[1] * m_Target.size[2];
    if (!m_Target.image.empty())
    {
      for (int channel = 0; channel < m_Source.channels; ++channel)
      {
        Linear(m_Source.image.data() + channel * sourceVoxels,
               m_Target.image.data() + channel * targetVoxels + row,
               !m_Border.replicate,
               m_Border.value);
      }
    }
    if (!m_Target.softLabel.empty())
    {
      for (int k = 0; k < m_Source.classes; ++k)
      {
        Linear(m_Source.softLabel.data() + k * sourceVoxels,
               m_Target.softLabel.data() + k * targetVoxels + row,
               true,
               k == 0 ? 1.0f : 0.0f);
      }
    }
    if (!m_Target.weight.empty())
    {
      Linear(m_Source.weight.data(), m_Target.weight.data() + row, true, 1.0f);
    }
    if (!m_Target.label.empty())
    {
      WriteLabels(m_Target.label.data() + row);
    }
    if (!m_Target.observed.empty())
    {
      for (std::int64_t i = 0; i < width; ++i)
      {
        const auto at = static_cast<std::size_t>(i);
        const bool known = m_Source.observed.empty() ||
                           m_Source.observed[static_cast<std::size_t>(m_Taps.nearest[at])] != 0;
        m_Target.observed[static_cast<std::size_t>(row + i)] =
            m_Taps.outside[at] != 0 ? m_Border.observed : known;
      }
    }
  }

  void
  WriteLabels(std::int64_t * out) const
  {
    const auto width = m_Target.size[2];
    if (m_Nearest)
    {
      for (std::int64_t i = 0; i < width; ++i)
      {
        out[i] =
            m_Source.label[static_cast<std::size_t>(m_Taps.nearest[static_cast<std::size_t>(i)])];
      }
    }
    else
    {
      VoteRow(m_Source.label.data(), m_Taps, m_Shape, out, width);
    }
    for (std::int64_t i = 0; m_AnyOutside && i < width; ++i)
    {
      out[i] = m_Taps.outside[static_cast<std::size_t>(i)] != 0 ? 0 : out[i];
    }
  }

  const VolumeView & m_Source;
  const ResampleMap & m_Map;
  const BorderRule & m_Border;
  const PatchTarget & m_Target;
  SourceShape m_Shape;
  RowTaps m_Taps;
  bool m_Nearest;
  bool m_AnyOutside = false;
  std::optional<SmoothGridRows> m_Displacement;
};

void
CheckSpans(const VolumeView & source, const PatchTarget & target, const SmoothGrid & displacement)
{
  const auto voxels = [](const std::array<std::int64_t, 3> & size)
  { return size[0] * size[1] * size[2]; };
  const auto require = [&](const char * name, std::size_t from, std::size_t to, int count)
  {
    const auto expectedFrom = static_cast<std::size_t>(count * voxels(source.size));
    const auto expectedTo = static_cast<std::size_t>(count * voxels(target.size));
    if (to != 0 && (from != expectedFrom || to != expectedTo))
    {
      throw UsageError(Message("sampling a patch: ",
                               name,
                               " has ",
                               from,
                               " values in the volume and ",
                               to,
                               " in the patch, expected ",
                               expectedFrom,
                               " and ",
                               expectedTo));
    }
  };
  const auto & s = source.size;
  if (s[0] < 1 || s[1] < 1 || s[2] < 1 || s[0] > 65535 || s[1] > 65535 || s[2] > 65535 ||
      voxels(s) > std::numeric_limits<std::int32_t>::max())
  {
    throw UsageError(
        Message("sampling a patch: volume of ", s[0], " x ", s[1], " x ", s[2], " voxels"));
  }
  require("image", source.image.size(), target.image.size(), source.channels);
  require("label", source.label.size(), target.label.size(), 1);
  require("soft label", source.softLabel.size(), target.softLabel.size(), source.classes);
  require("weight", source.weight.size(), target.weight.size(), 1);
  if (!source.observed.empty())
  {
    require("observed mask", source.observed.size(), target.observed.size(), 1);
  }
  if (!displacement.IsEmpty() && (displacement.components != 3 || displacement.size != target.size))
  {
    throw UsageError("sampling a patch: the displacement covers another patch");
  }
}

} // namespace

Affine::Point
ResampleMap::operator()(const Affine::Point & patchVoxel) const
{
  auto point = sourceFromPatch(patchVoxel);
  if (!displacement.IsEmpty())
  {
    std::array<double, 3> shift{};
    displacement.At({patchVoxel[2], patchVoxel[1], patchVoxel[0]}, shift);
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      point[axis] += shift[axis];
    }
  }
  return point;
}

Affine::Point
ResampleMap::Invert(const Affine::Point & sourceVoxel) const
{
  const auto patchFromSource = sourceFromPatch.Inverse();
  auto estimate = patchFromSource(sourceVoxel);
  for (int iteration = 0; iteration < 200 && !displacement.IsEmpty(); ++iteration)
  {
    std::array<double, 3> shift{};
    displacement.At({estimate[2], estimate[1], estimate[0]}, shift);
    const auto next = patchFromSource(
        {sourceVoxel[0] - shift[0], sourceVoxel[1] - shift[1], sourceVoxel[2] - shift[2]});
    double change = 0.0;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      change = std::max(change, std::abs(next[axis] - estimate[axis]));
    }
    estimate = next;
    if (change < 1e-7)
    {
      return estimate;
    }
    if (iteration == 199)
    {
      throw RuntimeError("inverting a deformation: it folds over itself");
    }
  }
  return estimate;
}

void
SamplePatch(const VolumeView & source,
            const ResampleMap & map,
            LabelRule rule,
            const BorderRule & border,
            const PatchTarget & target)
{
  CheckSpans(source, target, map.displacement);
  PatchSampler(source, map, rule, border, target).Run();
}

void
SampleAtPositions(std::span<const float> source,
                  const std::array<std::int64_t, 3> & size,
                  std::span<const float> positions,
                  const BorderRule & border,
                  std::span<float> out)
{
  const auto voxels = static_cast<std::size_t>(size[0] * size[1] * size[2]);
  const auto count = positions.size() / 3;
  if (voxels == 0 || source.size() % voxels != 0 || positions.size() % 3 != 0 ||
      out.size() != source.size() / voxels * count)
  {
    throw UsageError(Message(
        "sampling at positions: ", out.size(), " values out of ", source.size(), " at ", count));
  }
  const SourceShape shape(size);
  RowTaps taps(static_cast<std::int64_t>(count));
  const auto axis =
      [&](std::size_t row, std::vector<float> & position, std::int32_t extent, std::int32_t stride)
  {
    std::copy_n(
        positions.begin() + static_cast<std::ptrdiff_t>(row * count), count, position.begin());
    FillTaps(position.data(),
             taps.offset.data(),
             taps.nearest.data(),
             taps.outside.data(),
             extent,
             stride,
             static_cast<std::int64_t>(count));
  };
  axis(0, taps.x, shape.sizeX, 1);
  axis(1, taps.y, shape.sizeY, shape.strideY);
  axis(2, taps.z, shape.sizeZ, shape.strideZ);
  for (std::size_t channel = 0; channel * voxels < source.size(); ++channel)
  {
    float * row = out.data() + channel * count;
    LinearRow(source.data() + channel * voxels,
              taps.offset.data(),
              taps.x.data(),
              taps.y.data(),
              taps.z.data(),
              shape.stepX,
              shape.stepY,
              shape.stepZ,
              row,
              static_cast<std::int64_t>(count));
    for (std::size_t i = 0; i < count && !border.replicate; ++i)
    {
      row[i] = taps.outside[i] != 0 ? border.value : row[i];
    }
  }
}

} // namespace sulcus
