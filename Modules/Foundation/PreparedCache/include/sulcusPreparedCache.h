#pragma once

#include "sulcusSafeTensors.h"
#include <sulcusAffine.h>

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sulcus
{

/** Half-open box of voxels [begin, end) in tensor order z, y, x. */
struct VoxelBox
{
  std::array<std::int64_t, 3> begin{};
  std::array<std::int64_t, 3> end{};
};

/** One case of a cache as listed in `cache.json`. */
struct PreparedCase
{
  std::string id;
  std::string subject; ///< equal for scans of one person; never on both sides of a split
  std::string site;
  std::string split;                  ///< "train", "validation", "test" or "" (no split known)
  int fold = -1;                      ///< k-fold part, -1 if none was asked for
  std::array<std::int64_t, 3> size{}; ///< z, y, x
  bool hasLabel = false;
  bool hasSoftLabel = false;
  bool hasWeight = false;
  bool hasObserved = false;
  VoxelBox foreground;                   ///< of the image, not of the labels
  Affine millimetreFromVoxel;            ///< prepared voxel (x, y, z) -> LPS mm
  std::vector<std::int64_t> labelVoxels; ///< voxels of each class; empty without a label
  nlohmann::json undo;                   ///< how Preprocessing gets back to the native grid
  std::string file;                      ///< relative to the cache folder
  std::uint64_t fileSize = 0;            ///< in bytes
  std::string sha256;                    ///< of that file

  bool
  IsLabelled() const
  {
    return hasLabel || hasSoftLabel;
  }
};

/** The arrays of one case, axes z, y, x with x fastest. Empty spans: not present. */
struct PreparedVolume
{
  int channels = 0;
  int classes = 0;
  std::array<std::int64_t, 3> size{};
  std::span<const float> image;           ///< [channels, z, y, x], normalised
  std::span<const std::uint8_t> label;    ///< [z, y, x], class indices
  std::span<const float> softLabel;       ///< [classes, z, y, x], sums to 1 where observed
  std::span<const float> weight;          ///< [z, y, x], ≥ 0: how much a voxel counts
  std::span<const std::uint8_t> observed; ///< [z, y, x], 0 = label unknown (not background)
};

/** Read side: a folder `cache.json` + `cases/<id>.safetensors`.
 *
 * Opening checks the schema, that plan and case list are as written, that every file is there and
 * has its stated size; `Verify` compares all hashes, on all threads. Volumes are memory-mapped: the
 * views live as long as the cache object or a copy of it. Thread-safe after construction. \throws
 * InputError if it is not a cache, ModelError if it was edited or is half-written. */
class PreparedCache
{
public:
  explicit PreparedCache(const std::filesystem::path & folder);

  const std::vector<PreparedCase> &
  Cases() const
  {
    return m_Cases;
  }
  /** The plan's JSON as written by `sulcus-prepare`. */
  const nlohmann::json &
  PlanJson() const
  {
    return m_Plan;
  }
  /** SHA-256 over plan and case list: names this cache in checkpoints. */
  const std::string &
  Identity() const
  {
    return m_Identity;
  }
  /** Maps the case's file on first use. \throws ModelError if it does not hold what the case list
   * says, UsageError if there is no such case. */
  PreparedVolume
  Volume(std::size_t index) const;
  /** \throws ModelError naming the first file that differs from what was written. */
  void
  Verify() const;

private:
  std::filesystem::path m_Folder;
  std::vector<PreparedCase> m_Cases;
  nlohmann::json m_Plan;
  std::string m_Identity;
  struct Files;
  std::shared_ptr<Files> m_Files;
};

/** Write side: cases one after another, `cache.json` last. Until Finish the folder is not a cache;
 * a cache that is overwritten stops being one at once. The folder stays locked against a second
 * writer. */
class PreparedCacheWriter
{
public:
  /** \throws OutputError if the folder holds something and may not be overwritten, or another
   * writer uses it. */
  PreparedCacheWriter(std::filesystem::path folder, nlohmann::json plan, Overwrite overwrite);

  /** Writes the case's file; fills file, fileSize, sha256, size and has… of the entry from the
   * volume, and labelVoxels where it is empty and there is a label. Thread-safe. \throws UsageError
   * naming the case for an id that is no plain file name (letters, digits, '.', '_', '-') or is
   * there already, arrays that do not fit the size, or a label, soft label or weight out of range;
   * RuntimeError for values that are not finite; OutputError. */
  void
  Add(PreparedCase entry, const PreparedVolume & volume);

  /** Orders the cases by id, writes `cache.json` and removes case files of an overwritten cache.
   * \throws UsageError if there is no case, the numbers of channels differ, or a subject is on two
   * sides of a split; OutputError */
  void
  Finish();

private:
  std::filesystem::path m_Folder;
  nlohmann::json m_Plan;
  struct State;
  std::shared_ptr<State> m_State;
};

} // namespace sulcus
