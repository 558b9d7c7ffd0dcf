#include "sulcusStreamSampler.h"

#include "sulcusViewCorrespondence.h"
#include <sulcusError.h>

#include <torch/types.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

using Size = std::array<std::int64_t, 3>;

/** One sample's part of a tensor whose first axis counts samples; empty if the tensor is not there.
 */
template <typename T>
std::span<T>
Part(torch::Tensor & tensor, std::size_t sample)
{
  if (!tensor.defined())
  {
    return {};
  }
  const auto length = static_cast<std::size_t>(tensor.numel() / tensor.size(0));
  return {tensor.data_ptr<T>() + sample * length, length};
}

std::array<double, 3>
SpacingOf(const PreparedCase & entry)
{
  const auto spacing = entry.millimetreFromVoxel.Spacing(); // x, y, z
  return {spacing[2], spacing[1], spacing[0]};
}

VolumeView
ViewOf(const PreparedVolume & volume)
{
  VolumeView view;
  view.size = volume.size;
  view.channels = volume.channels;
  view.classes = volume.classes;
  view.image = volume.image;
  view.label = volume.label;
  view.softLabel = volume.softLabel;
  view.weight = volume.weight;
  view.observed = volume.observed;
  return view;
}

std::array<double, 3>
CentreOf(const Size & begin, const Size & size)
{
  std::array<double, 3> centre{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    centre[axis] = static_cast<double>(begin[axis]) + 0.5 * static_cast<double>(size[axis] - 1);
  }
  return centre;
}

} // namespace

StreamSampler::StreamSampler(const SamplerContext & context, StreamRule rule)
    : m_Context(context), m_Rule(std::move(rule)),
      m_Round(*context.cache, context.selection, m_Rule.pool, m_Rule.name),
      m_Foreground(context.cache->Cases().size()), m_PatchSize(m_Rule.patchSize),
      m_Samples(static_cast<std::size_t>(std::max(
          0,
          m_Rule.partition.volumes > 0 ? m_Rule.partition.volumes * m_Rule.partition.partitions
                                       : m_Rule.samples)))
{
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    m_PatchSize[axis] = m_PatchSize[axis] == 0 ? context.plan.patchSize[axis] : m_PatchSize[axis];
  }
  CheckRule();
  for (int view = 0; view < m_Rule.views; ++view)
  {
    const auto & name = m_Rule.viewAugmentation.empty()
                            ? m_Rule.augmentation
                            : m_Rule.viewAugmentation[static_cast<std::size_t>(view)];
    auto options = name == "full" ? context.options.full : NamedAugmentation(name);
    options.spatial.flipAllowed = context.plan.flipAllowed;
    if (m_Rule.correspondence == Correspondence::Affine && options.spatial.elasticProbability > 0 &&
        !m_Rule.sharedGeometry)
    {
      throw UsageError(Message("stream '",
                               m_Rule.name,
                               "': augmentation '",
                               name,
                               "' deforms, so its views have no affine correspondence"));
    }
    m_Augmentation.push_back(options);
  }
  CheckCases();
}

void
StreamSampler::CheckRule() const
{
  const auto require = [&](bool holds, const auto &... why)
  {
    if (!holds)
    {
      throw UsageError(Message("stream '", m_Rule.name, "': ", why...));
    }
  };
  const auto & partition = m_Rule.partition;
  const auto subjects = m_Round.SubjectCount();
  const auto & share = m_Context.options.share;
  require(!m_Rule.name.empty(), "has no name");
  require(share.parts >= 1 && share.part >= 0 && share.part < share.parts,
          "part ",
          share.part,
          " of ",
          share.parts);
  require(m_Samples % static_cast<std::size_t>(share.parts) == 0,
          m_Samples,
          " patches a step cannot be shared evenly by ",
          share.parts,
          " processes");
  require(m_Samples > 0 && m_Samples <= 65536, m_Samples, " samples");
  require(m_Rule.foregroundFraction >= 0 && m_Rule.foregroundFraction <= 1,
          "a foreground fraction of ",
          m_Rule.foregroundFraction);
  require(m_Rule.views >= 1 && m_Rule.views <= 16, m_Rule.views, " views");
  require(m_Rule.viewAugmentation.empty() ||
              m_Rule.viewAugmentation.size() == static_cast<std::size_t>(m_Rule.views),
          m_Rule.viewAugmentation.size(),
          " augmentations for ",
          m_Rule.views,
          " views");
  require(m_Rule.correspondence == Correspondence::None || m_Rule.views > 1,
          "correspondence needs two views");
  require(*std::min_element(m_PatchSize.begin(), m_PatchSize.end()) > 0, "the patch has no voxel");
  if (partition.volumes > 0)
  {
    require(partition.partitions >= 2,
            partition.partitions,
            " partition leaves nothing to tell apart, need 2 or more");
    require(partition.guard >= 0 && partition.guard < 1, "a guard band of ", partition.guard);
  }
  const auto needed = partition.volumes > 0   ? static_cast<std::size_t>(partition.volumes)
                      : m_Rule.differentCases ? m_Samples
                                              : 1;
  require(needed <= subjects,
          "needs ",
          needed,
          " different subjects in every batch, there are ",
          subjects);
}

void
StreamSampler::CheckCases()
{
  const auto classes = static_cast<int>(m_Context.plan.labels.size());
  const auto channels = static_cast<int>(m_Context.plan.channels.size());
  m_HasLabel = m_Rule.pool == CasePool::Labelled;
  m_HasObserved = m_HasLabel && !m_Context.options.paddingIsBackground;
  for (const auto index : m_Round.Cases())
  {
    const auto & entry = m_Context.cache->Cases()[index];
    const auto volume = m_Context.cache->Volume(index);
    const auto require = [&](bool holds, const auto &... why)
    {
      if (!holds)
      {
        throw UsageError(Message("case '", entry.id, "': ", why...));
      }
    };
    require(volume.channels == channels, volume.channels, " channels, the plan has ", channels);
    if (m_HasLabel)
    {
      require(volume.classes == classes, volume.classes, " classes, the plan has ", classes);
      m_HasSoftLabel = m_HasSoftLabel || entry.hasSoftLabel;
      m_HasWeight = m_HasWeight || entry.hasWeight;
      m_HasObserved = m_HasObserved || entry.hasObserved;
    }
    if (m_Rule.partition.volumes > 0)
    {
      const auto extent = FindAnatomicalExtent(entry, m_Rule.partition.axis);
      const auto slices = extent.end - extent.begin;
      require(slices >= m_Rule.partition.partitions,
              slices,
              " slices along the partition axis, fewer than ",
              m_Rule.partition.partitions,
              " partitions");
      m_Extents.emplace(index, extent);
    }
  }
}

Stream
StreamSampler::Allocate(const std::vector<Place> & places) const
{
  const auto count = static_cast<std::int64_t>(places.size());
  const auto shape = [&](std::int64_t extra)
  {
    std::vector<std::int64_t> sizes{count};
    if (extra > 0)
    {
      sizes.push_back(extra);
    }
    sizes.insert(sizes.end(), m_PatchSize.begin(), m_PatchSize.end());
    return sizes;
  };
  Stream stream;
  stream.image = torch::empty(shape(static_cast<std::int64_t>(m_Context.plan.channels.size())));
  stream.label = m_HasLabel ? torch::empty(shape(0), torch::kLong) : torch::Tensor();
  stream.softLabel =
      m_HasSoftLabel ? torch::empty(shape(static_cast<std::int64_t>(m_Context.plan.labels.size())))
                     : torch::Tensor();
  stream.weight = m_HasWeight ? torch::empty(shape(0)) : torch::Tensor();
  stream.observed = m_HasObserved ? torch::empty(shape(0), torch::kBool) : torch::Tensor();
  stream.millimetreFromVoxel = torch::empty({count, 3, 4}, torch::kDouble);
  for (std::size_t i = 0; i < places.size(); ++i)
  {
    const auto & entry = m_Context.cache->Cases()[places[i].caseIndex];
    const auto & begin = places[i].begin;
    const auto shifted = entry.millimetreFromVoxel.After(Affine({1,
                                                                 0,
                                                                 0,
                                                                 static_cast<double>(begin[2]),
                                                                 0,
                                                                 1,
                                                                 0,
                                                                 static_cast<double>(begin[1]),
                                                                 0,
                                                                 0,
                                                                 1,
                                                                 static_cast<double>(begin[0])}));
    std::copy_n(
        shifted.RowMajor().begin(), 12, Part<double>(stream.millimetreFromVoxel, i).begin());
    stream.caseIndex.push_back(static_cast<std::int64_t>(places[i].caseIndex));
  }
  if (m_Rule.partition.volumes > 0)
  {
    auto & partition = stream.extra["partition"] = torch::empty({count}, torch::kLong);
    auto & position = stream.extra["position"] = torch::empty({count}, torch::kDouble);
    for (std::size_t i = 0; i < places.size(); ++i)
    {
      partition.data_ptr<std::int64_t>()[i] = places[i].partition;
      position.data_ptr<double>()[i] = places[i].position;
    }
  }
  return stream;
}

DrawnAugmentation
StreamSampler::Draw(const Place & place, std::size_t view, const RandomEngine & random) const
{
  const auto spacing = SpacingOf(m_Context.cache->Cases()[place.caseIndex]);
  const auto spatialView = m_Rule.sharedGeometry ? 0 : view;
  auto spatialRandom = random.Fork("spatial").Fork(spatialView);
  auto intensityRandom = random.Fork("intensity").Fork(view);
  DrawnAugmentation drawn;
  drawn.spatial =
      DrawSpatial(m_Augmentation[spatialView].spatial, m_PatchSize, spacing, spatialRandom);
  drawn.intensity = DrawIntensity(m_Augmentation[view].intensity,
                                  static_cast<int>(m_Context.plan.channels.size()),
                                  m_PatchSize,
                                  spacing,
                                  intensityRandom);
  return drawn;
}

void
StreamSampler::Fill(Stream & stream,
                    std::size_t sample,
                    const Place & place,
                    const PreparedVolume & volume,
                    const DrawnAugmentation & drawn,
                    const ResampleMap & map) const
{
  const auto & options = m_Context.options;
  const auto source = ViewOf(volume);
  PatchTarget target;
  target.size = m_PatchSize;
  target.image = Part<float>(stream.image, sample);
  target.observed = Part<bool>(stream.observed, sample);
  if (!volume.label.empty())
  {
    target.label = Part<std::int64_t>(stream.label, sample);
  }
  if (!volume.softLabel.empty())
  {
    target.softLabel = Part<float>(stream.softLabel, sample);
  }
  if (!volume.weight.empty())
  {
    target.weight = Part<float>(stream.weight, sample);
  }
  const BorderRule border{options.padding == "replicate", 0.0f, options.paddingIsBackground};
  const auto rule = m_Augmentation.front().voteLabels ? LabelRule::LinearVote : LabelRule::Nearest;
  SamplePatch(source, map, rule, border, target);
  ApplyIntensity(target.image,
                 source.channels,
                 m_PatchSize,
                 SpacingOf(m_Context.cache->Cases()[place.caseIndex]),
                 drawn.intensity);
  if (m_HasLabel)
  {
    CompleteLabels(stream, sample, volume);
  }
}

/** Fills in what other cases of the pool have and this one has not. */
void
StreamSampler::CompleteLabels(Stream & stream,
                              std::size_t sample,
                              const PreparedVolume & volume) const
{
  const auto label = Part<std::int64_t>(stream.label, sample);
  const auto soft = Part<float>(stream.softLabel, sample);
  const auto classes = soft.size() / label.size();
  if (volume.label.empty())
  {
    for (std::size_t voxel = 0; voxel < label.size(); ++voxel)
    {
      std::size_t best = 0;
      for (std::size_t k = 1; k < classes; ++k)
      {
        best = soft[k * label.size() + voxel] > soft[best * label.size() + voxel] ? k : best;
      }
      label[voxel] = static_cast<std::int64_t>(best);
    }
  }
  if (m_HasSoftLabel && volume.softLabel.empty())
  {
    std::fill(soft.begin(), soft.end(), 0.0f);
    for (std::size_t voxel = 0; voxel < label.size(); ++voxel)
    {
      soft[static_cast<std::size_t>(label[voxel]) * label.size() + voxel] = 1.0f;
    }
  }
  if (m_HasWeight && volume.weight.empty())
  {
    const auto weight = Part<float>(stream.weight, sample);
    std::fill(weight.begin(), weight.end(), 1.0f);
  }
}

void
StreamSampler::AddTo(Batch & batch, const RandomEngine & random, std::int64_t step) const
{
  // Every process draws the places of the whole batch and makes its own patches only.
  auto places = DrawPlaces(random, step);
  const auto & share = m_Context.options.share;
  const auto own = m_Samples / static_cast<std::size_t>(share.parts);
  const auto first = own * static_cast<std::size_t>(share.part);
  places = std::vector<Place>(places.begin() + static_cast<std::ptrdiff_t>(first),
                              places.begin() + static_cast<std::ptrdiff_t>(first + own));
  const auto ofStep = random.Fork(static_cast<std::uint64_t>(step)).Fork("augmentation");
  std::vector<Stream> views;
  for (int view = 0; view < m_Rule.views; ++view)
  {
    views.push_back(Allocate(places));
  }
  for (std::size_t sample = 0; sample < own; ++sample)
  {
    const auto & place = places[sample];
    const auto & entry = m_Context.cache->Cases()[place.caseIndex];
    const auto volume = m_Context.cache->Volume(place.caseIndex);
    const auto centre = CentreOf(place.begin, m_PatchSize);
    std::vector<ResampleMap> maps;
    for (std::size_t view = 0; view < views.size(); ++view)
    {
      const auto drawn = Draw(place, view, ofStep.Fork(first + sample));
      maps.push_back(MakeResampleMap(drawn.spatial, m_PatchSize, SpacingOf(entry), centre));
      Fill(views[view], sample, place, volume, drawn, maps.back());
      if (view > 0)
      {
        AddCorrespondence(views[view],
                          own,
                          sample,
                          m_Rule.correspondence,
                          m_PatchSize,
                          maps.front(),
                          maps.back());
      }
    }
  }
  for (std::size_t view = 0; view < views.size(); ++view)
  {
    const auto name = views.size() == 1 ? m_Rule.name : m_Rule.name + std::to_string(view + 1);
    if (!batch.streams.emplace(name, std::move(views[view])).second)
    {
      throw UsageError(Message("two streams are named '", name, "'"));
    }
  }
}

} // namespace sulcus
