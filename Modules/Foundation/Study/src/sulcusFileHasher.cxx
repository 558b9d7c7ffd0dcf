#include "sulcusFileHasher.h"

#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusSha256.h>
#include <sulcusThreads.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{

namespace fs = std::filesystem;

nlohmann::ordered_json
ToJson(const HashedPath & entry)
{
  return {{"path", entry.path}, {"bytes", entry.bytes}, {"sha256", entry.sha256}};
}

HashedPath
HashedPathFromJson(const nlohmann::json & json, const std::string & origin)
{
  try
  {
    return {json.at("path").get<std::string>(),
            json.at("bytes").get<std::uint64_t>(),
            json.at("sha256").get<std::string>()};
  }
  catch (const nlohmann::json::exception &)
  {
    throw InputError(Message(origin, ": an entry without path, bytes or sha256"));
  }
}

FileHasher::FileHasher(fs::path base) : m_Base(std::move(base))
{
}

std::vector<std::string>
FileHasher::List(const std::string & path) const
{
  const fs::path full = m_Base / path;
  if (fs::is_regular_file(full))
  {
    return {path};
  }
  std::vector<std::string> files;
  if (fs::is_directory(full))
  {
    for (auto entry = fs::recursive_directory_iterator(full);
         entry != fs::recursive_directory_iterator();
         ++entry)
    {
      const bool hidden = entry->path().filename().string().starts_with('.');
      if (hidden && entry->is_directory())
      {
        entry.disable_recursion_pending();
      }
      else if (!hidden && entry->is_regular_file())
      {
        files.push_back((fs::path(path) / entry->path().lexically_relative(full)).string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void
FileHasher::Read(const std::vector<std::string> & files)
{
  std::vector<std::string> unread;
  std::copy_if(files.begin(),
               files.end(),
               std::back_inserter(unread),
               [&](const auto & file) { return !m_Files.contains(file); });
  std::sort(unread.begin(), unread.end());
  unread.erase(std::unique(unread.begin(), unread.end()), unread.end());
  std::vector<HashedPath> entries(unread.size());
  ParallelForEach(unread.size(),
                  [&](std::size_t i)
                  {
                    ThrowIfInterrupted();
                    const fs::path full = m_Base / unread[i];
                    entries[i] = {unread[i], fs::file_size(full), Sha256OfFile(full)};
                  });
  for (auto & entry : entries)
  {
    m_Files[entry.path] = std::move(entry);
  }
}

std::vector<HashedPath>
FileHasher::FilesBelow(const std::string & path)
{
  const auto files = List(path);
  Read(files);
  std::vector<HashedPath> entries;
  std::transform(files.begin(),
                 files.end(),
                 std::back_inserter(entries),
                 [&](const auto & file) { return m_Files.at(file); });
  return entries;
}

HashedPath
FileHasher::Hash(const std::string & path)
{
  return Hash(std::vector<std::string>{path}).front();
}

std::vector<HashedPath>
FileHasher::Hash(const std::vector<std::string> & paths)
{
  std::vector<std::string> all;
  for (const auto & path : paths)
  {
    const auto files = List(path);
    all.insert(all.end(), files.begin(), files.end());
  }
  Read(all);
  std::vector<HashedPath> entries;
  for (const auto & path : paths)
  {
    if (fs::is_regular_file(m_Base / path))
    {
      entries.push_back(m_Files.at(path));
      continue;
    }
    HashedPath folder{path, 0, {}};
    Sha256 hash;
    const auto files = List(path);
    for (const auto & file : files)
    {
      const auto & entry = m_Files.at(file);
      folder.bytes += entry.bytes;
      hash.Update(fs::path(file).lexically_relative(path).string() + '\n' + entry.sha256 + '\n');
    }
    folder.sha256 = files.empty() ? std::string() : hash.HexDigest();
    entries.push_back(std::move(folder));
  }
  return entries;
}

void
FileHasher::Forget(const std::string & path)
{
  std::erase_if(m_Files,
                [&](const auto & file)
                { return file.first == path || file.first.starts_with(path + "/"); });
}

} // namespace sulcus
