#pragma once

#include "sulcusSafeTensors.h"
#include <sulcusAffine.h>

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
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
 * Opening checks the schema, that every file is there and has its stated size; `Verify` compares
 * all hashes. Volumes are memory-mapped: the views live as long as the cache object. Thread-safe
 * after construction. \throws InputError if it is not a cache, ModelError if it was edited or is
 * half-written. */
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
  /** Maps the case's file on first use. */
  PreparedVolume
  Volume(std::size_t index) const;
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

/** Write side: cases one after another, `cache.json` last. Until Finish the folder is not a cache.
 */
class PreparedCacheWriter
{
public:
  PreparedCacheWriter(std::filesystem::path folder, nlohmann::json plan, Overwrite overwrite);

  /** Writes the case's file; fills file, sha256, size and has… of the entry from the volume.
   * Thread-safe. */
  void
  Add(PreparedCase entry, const PreparedVolume & volume);

  /** Orders the cases by id and writes `cache.json`. */
  void
  Finish();

private:
  std::filesystem::path m_Folder;
  nlohmann::json m_Plan;
  Overwrite m_Overwrite;
  std::vector<PreparedCase> m_Cases;
  struct Guard;
  std::shared_ptr<Guard> m_Guard;
};

} // namespace sulcus
