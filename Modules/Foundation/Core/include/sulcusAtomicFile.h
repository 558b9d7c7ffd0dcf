#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace sulcus
{

/** Whether an existing file may be replaced. */
enum class Overwrite
{
  Refuse,
  Allow
};

/** The one door out: a file that is absent, old or complete, whatever happens.
 *
 * Bytes go to a temporary file in the target's own folder (O_EXCL | O_NOFOLLOW, mode 0600), every
 * write is checked, then fsync, close, read back and compare by SHA-256, rename over the target and
 * fsync of the folder. The temporary is removed when the object is destroyed without Commit.
 * Temporaries are named `.<name>.sulcus-XXXXXX.tmp`; those that a killed run left beside the same
 * target are removed by the next one. \throws OutputError (exit 4) with the path as given. */
class AtomicFile
{
public:
  AtomicFile(std::filesystem::path target, Overwrite overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &
  operator=(const AtomicFile &) = delete;

  void
  Write(std::span<const std::byte> bytes);
  void
  Write(std::string_view text);

  /** Makes the file visible under its name; returns the SHA-256 of its bytes in hexadecimal. */
  std::string
  Commit();

private:
  [[noreturn]] void
  Fail(const std::string & what) const;

  std::filesystem::path m_Target;
  std::string m_Temporary;
  int m_Descriptor = -1;
  struct Hash;
  Hash * m_Hash = nullptr;
};

/** Writes one text or block of bytes through AtomicFile; returns its SHA-256. */
std::string
AtomicWriteText(const std::filesystem::path & target, std::string_view text, Overwrite overwrite);
std::string
AtomicWriteBytes(const std::filesystem::path & target,
                 std::span<const std::byte> bytes,
                 Overwrite overwrite);

/** Creates a folder and its parents. With Refuse, \throws OutputError if it exists and is not
 * empty. */
void
PrepareOutputFolder(const std::filesystem::path & folder, Overwrite overwrite);

/** Reads a whole regular file. \throws InputError if it is missing, not a regular file, unreadable
 * or above the limit. */
std::string
ReadTextFile(const std::filesystem::path & path, std::size_t limitInBytes = std::size_t{1} << 30);

/** An exclusive advisory lock (flock) on `<folder>/.lock`, released by the destructor or the
 * kernel. \throws OutputError naming the folder if another process holds it. */
class FolderLock
{
public:
  explicit FolderLock(const std::filesystem::path & folder);
  ~FolderLock();
  FolderLock(const FolderLock &) = delete;
  FolderLock &
  operator=(const FolderLock &) = delete;

private:
  int m_Descriptor = -1;
};

} // namespace sulcus
