#include "sulcusCasePool.h"

#include <sulcusError.h>

#include <algorithm>
#include <map>

namespace sulcus
{
namespace
{

constexpr std::int64_t voxelsKept = 4096;

/** Class of every voxel: the label, or the most probable class of the soft label; 0 where unknown.
 */
std::vector<std::uint8_t>
HardLabel(const PreparedVolume & volume)
{
  const auto voxels = static_cast<std::size_t>(volume.size[0] * volume.size[1] * volume.size[2]);
  std::vector<std::uint8_t> label(volume.label.begin(), volume.label.end());
  if (label.empty())
  {
    label.assign(voxels, 0);
    for (std::size_t voxel = 0; voxel < voxels; ++voxel)
    {
      for (int k = 1; k < volume.classes; ++k)
      {
        const auto at = [&](int c)
        { return volume.softLabel[static_cast<std::size_t>(c) * voxels + voxel]; };
        label[voxel] = at(k) > at(label[voxel]) ? static_cast<std::uint8_t>(k) : label[voxel];
      }
    }
  }
  for (std::size_t voxel = 0; voxel < volume.observed.size(); ++voxel)
  {
    label[voxel] = volume.observed[voxel] != 0 ? label[voxel] : 0;
  }
  return label;
}

std::vector<std::vector<std::int64_t>>
FindVoxels(const PreparedVolume & volume)
{
  const auto label = HardLabel(volume);
  std::vector<std::int64_t> counts(256, 0);
  for (const auto k : label)
  {
    ++counts[k];
  }
  std::vector<std::vector<std::int64_t>> voxels(256);
  std::vector<std::int64_t> seen(256, 0);
  for (std::size_t voxel = 0; voxel < label.size(); ++voxel)
  {
    const auto k = label[voxel];
    const auto every = (counts[k] + voxelsKept - 1) / voxelsKept;
    if (k > 0 && seen[k]++ % every == 0)
    {
      voxels[k].push_back(static_cast<std::int64_t>(voxel));
    }
  }
  std::erase_if(voxels, [](const auto & list) { return list.empty(); });
  return voxels;
}

} // namespace

ForegroundVoxels::ForegroundVoxels(std::size_t cases) : m_Cases(std::make_unique<OneCase[]>(cases))
{
}

bool
ForegroundVoxels::Draw(std::size_t index,
                       const PreparedVolume & volume,
                       RandomEngine & random,
                       std::array<std::int64_t, 3> & voxel) const
{
  auto & one = m_Cases[index];
  std::call_once(one.once, [&] { one.voxelsOfStructure = FindVoxels(volume); });
  const auto & structures = one.voxelsOfStructure;
  if (structures.empty())
  {
    return false;
  }
  const auto pick = [&](const auto & list) -> const auto &
  {
    return list[static_cast<std::size_t>(
        random.Integer(0, static_cast<std::int64_t>(list.size()) - 1))];
  };
  const auto at = pick(pick(structures));
  voxel = {at / (volume.size[1] * volume.size[2]),
           at / volume.size[2] % volume.size[1],
           at % volume.size[2]};
  return true;
}

CaseRound::CaseRound(const PreparedCache & cache,
                     const CaseSelection & selection,
                     CasePool pool,
                     const std::string & stream)
{
  if (pool != CasePool::Unlabelled)
  {
    m_Cases = selection.labelled;
  }
  if (pool != CasePool::Labelled)
  {
    m_Cases.insert(m_Cases.end(), selection.unlabelled.begin(), selection.unlabelled.end());
  }
  std::sort(m_Cases.begin(), m_Cases.end()); // a case's label must not move it within the round
  if (m_Cases.empty())
  {
    const char * kind = pool == CasePool::Labelled     ? "labelled "
                        : pool == CasePool::Unlabelled ? "unlabelled "
                                                       : "";
    throw UsageError(
        Message("stream '", stream, "' needs ", kind, "training cases and there are none"));
  }
  std::map<std::string, std::vector<std::size_t>> ofSubject;
  for (const auto index : m_Cases)
  {
    const auto & entry = cache.Cases()[index];
    ofSubject[entry.subject.empty() ? entry.id : entry.subject].push_back(index);
  }
  for (auto & [subject, cases] : ofSubject)
  {
    m_CasesOfSubject.push_back(std::move(cases));
  }
}

std::vector<std::size_t>
CaseRound::InRounds(const RandomEngine & random, std::uint64_t first, std::size_t count) const
{
  std::vector<std::size_t> chosen;
  std::vector<std::size_t> order;
  for (std::uint64_t number = first; number < first + count; ++number)
  {
    const std::uint64_t round = number / m_Cases.size();
    const std::uint64_t place = number % m_Cases.size();
    if (order.empty() || place == 0)
    {
      order = random.Fork(round).Permutation(m_Cases.size());
    }
    chosen.push_back(m_Cases[order[place]]);
  }
  return chosen;
}

std::vector<std::size_t>
CaseRound::OfDifferentSubjects(RandomEngine random, std::size_t count) const
{
  const auto order = random.Permutation(m_CasesOfSubject.size());
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i)
  {
    const auto & cases = m_CasesOfSubject[order[i]];
    chosen.push_back(cases[static_cast<std::size_t>(
        random.Integer(0, static_cast<std::int64_t>(cases.size()) - 1))]);
  }
  return chosen;
}

} // namespace sulcus
