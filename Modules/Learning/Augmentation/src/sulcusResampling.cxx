#include "sulcusResampling.h"

#include "sulcusResamplingRows.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace sulcus
{
namespace
{

using namespace rows;

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
    LinearRow(source, m_Taps, m_Shape, out, width);
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
    LinearRow(source.data() + channel * voxels, taps, shape, row, static_cast<std::int64_t>(count));
    for (std::size_t i = 0; i < count && !border.replicate; ++i)
    {
      row[i] = taps.outside[i] != 0 ? border.value : row[i];
    }
  }
}

} // namespace sulcus
