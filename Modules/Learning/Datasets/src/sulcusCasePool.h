#pragma once

#include "sulcusCaseSelection.h"
#include <sulcusRandomEngine.h>
#include <sulcusSamplingRule.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sulcus
{

/** Voxels of each structure of the labelled cases, found when a case is first needed: at most some
 * thousands a class, evenly spread over the volume. Thread-safe. */
class ForegroundVoxels
{
public:
  explicit ForegroundVoxels(std::size_t cases);

  /** A voxel (z, y, x) of a class drawn evenly among the structures of the case; false if it has
   * none. */
  bool
  Draw(std::size_t index,
       const PreparedVolume & volume,
       RandomEngine & random,
       std::array<std::int64_t, 3> & voxel) const;

private:
  struct OneCase
  {
    std::once_flag once;
    std::vector<std::vector<std::int64_t>> voxelsOfStructure; ///< only structures that occur
  };
  std::unique_ptr<OneCase[]> m_Cases;
};

/** The cases of one stream and the order in which they are seen. */
class CaseRound
{
public:
  /** \throws UsageError naming the stream if the pool is empty. */
  CaseRound(const PreparedCache & cache,
            const CaseSelection & selection,
            CasePool pool,
            const std::string & stream);

  const std::vector<std::size_t> &
  Cases() const
  {
    return m_Cases;
  }
  std::size_t
  SubjectCount() const
  {
    return m_CasesOfSubject.size();
  }

  /** Cases number first … first + count - 1 of an endless sequence of shuffled rounds. */
  std::vector<std::size_t>
  InRounds(const RandomEngine & random, std::uint64_t first, std::size_t count) const;

  /** One case of each of `count` different subjects. */
  std::vector<std::size_t>
  OfDifferentSubjects(RandomEngine random, std::size_t count) const;

private:
  std::vector<std::size_t> m_Cases;
  std::vector<std::vector<std::size_t>> m_CasesOfSubject;
};

} // namespace sulcus
