#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** A file, or a folder with all files below it, as it was at one moment. */
struct HashedPath
{
  std::string path; ///< relative to the study's folder
  std::uint64_t bytes = 0;
  /** Of a folder: over the sorted names and hashes of its files; empty: there is nothing. */
  std::string sha256;

  bool
  operator==(const HashedPath &) const = default;
};

nlohmann::ordered_json
ToJson(const HashedPath & entry);
/** \throws InputError naming the origin */
HashedPath
HashedPathFromJson(const nlohmann::json & json, const std::string & origin);

/** SHA-256 of files, each read once; on all threads. Names that begin with a dot (locks, temporary
 * files) are not looked at. */
class FileHasher
{
public:
  /** \param base  folder that paths are relative to */
  explicit FileHasher(std::filesystem::path base);

  /** A file, or a folder as one entry. What does not exist has no hash. \throws InputError if it
   * exists and cannot be read. */
  HashedPath
  Hash(const std::string & path);
  std::vector<HashedPath>
  Hash(const std::vector<std::string> & paths);
  /** Every file below, one entry each, sorted by path; of a file, itself; of nothing, nothing. */
  std::vector<HashedPath>
  FilesBelow(const std::string & path);
  /** Forgets what was read at or below a path, because it changes now. */
  void
  Forget(const std::string & path);

private:
  std::vector<std::string>
  List(const std::string & path) const;
  void
  Read(const std::vector<std::string> & files);

  std::filesystem::path m_Base;
  std::map<std::string, HashedPath> m_Files;
};

} // namespace sulcus
