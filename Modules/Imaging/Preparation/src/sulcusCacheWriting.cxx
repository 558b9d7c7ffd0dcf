#include "sulcusCaseVolumes.h"
#include "sulcusPreparation.h"
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusPreparedCache.h>
#include <sulcusPreprocess.h>
#include <sulcusProgress.h>
#include <sulcusThreads.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>

namespace sulcus
{

namespace
{

namespace fs = std::filesystem;

/** The arrays of a prepared case; PreparedVolume points into it. */
struct CaseArrays
{
  std::vector<float> image;
  std::vector<std::uint8_t> label;
  std::vector<float> softLabel;
  std::vector<float> weight;
  std::vector<std::uint8_t> observed;
};

template <typename TImage, typename TValue>
void
Append(const TImage * image, std::vector<TValue> & values)
{
  const auto * voxels = image->GetBufferPointer();
  const auto count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  values.reserve(values.size() + count);
  for (std::size_t i = 0; i < count; ++i)
  {
    values.push_back(static_cast<TValue>(voxels[i]));
  }
}

/** Voxels that the crop must not remove: every structure, in label or soft label. */
LabelImage::Pointer
VoxelsToKeep(const CaseVolumes & volumes)
{
  if (volumes.softLabel.empty())
  {
    return volumes.label;
  }
  auto keep = NewImage<LabelImage>(volumes.grid);
  for (std::size_t i = 0; i < volumes.grid.VoxelCount(); ++i)
  {
    for (std::size_t k = 1; k < volumes.softLabel.size(); ++k)
    {
      keep->GetBufferPointer()[i] |= volumes.softLabel[k]->GetBufferPointer()[i] > 0.5F ? 1 : 0;
    }
  }
  return keep;
}

/** Class probabilities on the prepared grid, summing to 1 again where they mean anything. Voxels of
 * unknown label hold 0 for all and must not bleed into their neighbours: the shares are divided by
 * what was known of each voxel. */
void
PrepareSoftLabel(const CaseVolumes & volumes, const Undo & undo, CaseArrays & arrays)
{
  for (const auto & share : volumes.softLabel)
  {
    Append(ToPrepared(share.GetPointer(), undo).GetPointer(), arrays.softLabel);
  }
  const std::size_t classes = volumes.softLabel.size();
  const std::size_t voxels = arrays.softLabel.size() / classes;
  for (std::size_t i = 0; i < voxels; ++i)
  {
    double sum = 0.0;
    for (std::size_t k = 0; k < classes; ++k)
    {
      float & share = arrays.softLabel[k * voxels + i];
      share = std::max(0.0F, share);
      sum += share;
    }
    const bool known =
        sum > 0.5 || (sum > 1e-3 && (arrays.observed.empty() || arrays.observed[i] != 0));
    if (!known && arrays.observed.empty())
    {
      arrays.observed.assign(voxels, 1);
    }
    if (!known)
    {
      arrays.observed[i] = 0;
    }
    for (std::size_t k = 0; k < classes; ++k)
    {
      float & share = arrays.softLabel[k * voxels + i];
      share = known ? static_cast<float>(share / sum) : 0.0F;
    }
  }
}

std::array<std::int64_t, 3>
TensorSize(const ImageGrid & grid)
{
  return {static_cast<std::int64_t>(grid.size[2]),
          static_cast<std::int64_t>(grid.size[1]),
          static_cast<std::int64_t>(grid.size[0])};
}

PreparedCase
EntryFor(const CaseSource & source, const PreprocessedVolume & prepared)
{
  PreparedCase entry;
  entry.id = source.id;
  entry.subject = source.subject;
  entry.site = source.site;
  entry.split = source.split;
  entry.fold = source.fold;
  entry.millimetreFromVoxel = AffineOf(prepared.undo.PreparedGrid());
  entry.undo = prepared.undo.ToJson();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto begin = prepared.foreground.GetIndex(axis);
    entry.foreground.begin[2 - axis] = begin;
    entry.foreground.end[2 - axis] =
        begin + static_cast<std::int64_t>(prepared.foreground.GetSize(axis));
  }
  return entry;
}

void
PrepareCase(const CaseSource & source,
            const Dataset & dataset,
            const Plan & plan,
            const CaseReadOptions & reading,
            PreparedCacheWriter & writer)
{
  const auto volumes = ReadCase(source, dataset, reading);
  PreprocessInput input;
  for (std::size_t channel = 0; channel < volumes.channels.size(); ++channel)
  {
    input.channels.emplace_back(volumes.channels[channel]);
    input.names.push_back(source.images[source.images.size() == 1 ? 0 : channel]);
  }
  input.keep = VoxelsToKeep(volumes);
  const auto prepared = Preprocess(input, PreprocessOptionsFromPlan(plan));

  CaseArrays arrays;
  for (const auto & channel : prepared.channels)
  {
    Append(channel.GetPointer(), arrays.image);
  }
  if (volumes.observed.IsNotNull())
  {
    Append(ToPrepared(volumes.observed.GetPointer(), prepared.undo).GetPointer(), arrays.observed);
  }
  if (volumes.label.IsNotNull())
  {
    // A vote keeps surfaces smooth; beside unknown voxels it would outvote thin strokes.
    const auto interpolation =
        volumes.observed.IsNull() ? LabelInterpolation::Vote : LabelInterpolation::Nearest;
    Append(ToPrepared(volumes.label.GetPointer(), prepared.undo, interpolation).GetPointer(),
           arrays.label);
  }
  if (!volumes.softLabel.empty())
  {
    PrepareSoftLabel(volumes, prepared.undo, arrays);
  }
  if (volumes.weight.IsNotNull())
  {
    Append(ToPrepared(volumes.weight.GetPointer(), prepared.undo).GetPointer(), arrays.weight);
    std::transform(arrays.weight.begin(),
                   arrays.weight.end(),
                   arrays.weight.begin(),
                   [](float weight) { return std::max(0.0F, weight); });
  }
  PreparedVolume volume;
  volume.channels = static_cast<int>(prepared.channels.size());
  volume.classes = static_cast<int>(plan.labels.size());
  volume.size = TensorSize(prepared.undo.PreparedGrid());
  volume.image = arrays.image;
  volume.label = arrays.label;
  volume.softLabel = arrays.softLabel;
  volume.weight = arrays.weight;
  volume.observed = arrays.observed;
  writer.Add(EntryFor(source, prepared), volume);
}

/** Removes what a failed run left in a folder that was not there, or was empty, before. */
class NewFolderGuard
{
public:
  explicit NewFolderGuard(fs::path folder)
      : m_Folder(std::move(folder)), m_Existed(fs::exists(m_Folder)),
        m_Active(!m_Existed || fs::is_empty(m_Folder))
  {
  }
  ~NewFolderGuard()
  {
    std::error_code ignoredInDestructor;
    if (m_Active && m_Existed)
    {
      for (const char * part :
           {"cases", "cases.tsv", "plan.json", "fingerprint.json", "cache.json", ".lock"})
      {
        fs::remove_all(m_Folder / part, ignoredInDestructor);
      }
    }
    else if (m_Active)
    {
      fs::remove_all(m_Folder, ignoredInDestructor);
    }
  }
  NewFolderGuard(const NewFolderGuard &) = delete;
  NewFolderGuard &
  operator=(const NewFolderGuard &) = delete;
  void
  Dismiss()
  {
    m_Active = false;
  }

private:
  fs::path m_Folder;
  bool m_Existed;
  bool m_Active;
};

} // namespace

void
RequireFreeFolder(const fs::path & folder, Overwrite overwrite)
{
  std::error_code error;
  const bool taken = fs::exists(folder, error) &&
                     !(fs::is_directory(folder, error) && fs::is_empty(folder, error));
  if (taken && (overwrite == Overwrite::Refuse || !fs::is_directory(folder, error)))
  {
    throw OutputError(Message(folder.string(),
                              ": exists and is not an empty folder; --overwrite replaces a cache"));
  }
}

void
WriteCache(const CheckedDataset & checked,
           const PreparationOptions & options,
           const fs::path & folder,
           Overwrite overwrite)
{
  const auto & cases = checked.dataset.cases;
  CaseReadOptions reading = ReadingOptions(options);
  reading.emptyLabel = EmptyLabel::Warn; // refused or reported while checking
  NewFolderGuard guard(folder);
  const auto planJson = PlanToJson(checked.plan);
  PreparedCacheWriter writer(folder, planJson, overwrite);
  Progress progress("Preparing", static_cast<double>(cases.size()));
  std::mutex progressMutex;
  double done = 0.0;
  ParallelForEach(cases.size(),
                  [&](std::size_t i)
                  {
                    ThrowIfInterrupted();
                    PrepareCase(cases[i], checked.dataset, checked.plan, reading, writer);
                    const std::lock_guard<std::mutex> lock(progressMutex);
                    progress.Update(++done, cases[i].id);
                  });
  AtomicWriteText(folder / "plan.json", planJson.dump(1) + "\n", Overwrite::Allow);
  AtomicWriteText(folder / "fingerprint.json",
                  FingerprintToJson(checked.fingerprint, checked.dataset).dump(1) + "\n",
                  Overwrite::Allow);
  AtomicWriteText(folder / "cases.tsv", CaseTable(checked), Overwrite::Allow);
  writer.Finish();
  guard.Dismiss();
}

} // namespace sulcus
