#include "sulcusAtomicFile.h"

#include "sulcusError.h"
#include "sulcusSha256.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sulcus
{
namespace
{

std::filesystem::path
FolderOf(const std::filesystem::path & target)
{
  return target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
}

std::string
TemporaryPrefix(const std::filesystem::path & target)
{
  return "." + target.filename().string() + ".sulcus-";
}

/** Removes what killed runs left beside this target; a temporary that a live run holds is locked
 * and stays. */
void
RemoveStaleTemporaries(const std::filesystem::path & target)
{
  const std::string prefix = TemporaryPrefix(target);
  std::error_code ignoredBecauseListingIsOptional;
  for (const auto & entry :
       std::filesystem::directory_iterator(FolderOf(target), ignoredBecauseListingIsOptional))
  {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".tmp"))
    {
      continue;
    }
    const int descriptor = open(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor >= 0)
    {
      if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      {
        unlink(entry.path().c_str());
      }
      close(descriptor);
    }
  }
}

void
SyncFolder(const std::filesystem::path & folder)
{
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0)
  {
    fsync(descriptor);
    close(descriptor);
  }
}

mode_t
ModeByUmask()
{
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

} // namespace

struct AtomicFile::Hash
{
  Sha256 running;
};

AtomicFile::AtomicFile(std::filesystem::path target, Overwrite overwrite)
    : m_Target(std::move(target))
{
  struct stat status
  {
  };
  if (lstat(m_Target.c_str(), &status) == 0)
  {
    if (overwrite == Overwrite::Refuse)
    {
      throw OutputError(
          Message(m_Target.string(), ": exists already; give --overwrite to replace it"));
    }
    if (!S_ISREG(status.st_mode))
    {
      throw OutputError(Message(m_Target.string(), ": is not a regular file and is not replaced"));
    }
  }
  RemoveStaleTemporaries(m_Target);
  std::string pattern = (FolderOf(m_Target) / (TemporaryPrefix(m_Target) + "XXXXXX.tmp")).string();
  m_Descriptor = mkostemps(pattern.data(), 4, O_CLOEXEC); // O_EXCL, mode 0600
  if (m_Descriptor < 0)
  {
    Fail(Message("cannot be written (", std::strerror(errno), ")"));
  }
  m_Temporary = pattern;
  flock(m_Descriptor, LOCK_EX | LOCK_NB);
  m_Hash = new Hash;
}

AtomicFile::~AtomicFile()
{
  if (m_Descriptor >= 0)
  {
    close(m_Descriptor);
  }
  if (!m_Temporary.empty())
  {
    unlink(m_Temporary.c_str());
  }
  delete m_Hash;
}

void
AtomicFile::Fail(const std::string & what) const
{
  throw OutputError(Message(m_Target.string(), ": ", what));
}

void
AtomicFile::Write(std::span<const std::byte> bytes)
{
  m_Hash->running.Update(bytes);
  while (!bytes.empty())
  {
    const ssize_t written = write(
        m_Descriptor, bytes.data(), std::min<std::size_t>(bytes.size(), std::size_t{1} << 30));
    if (written < 0)
    {
      if (errno == EINTR)
      {
        continue;
      }
      Fail(Message("could not be written (", std::strerror(errno), ")"));
    }
    if (written == 0)
    {
      Fail("could not be written (the device takes no more bytes)");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void
AtomicFile::Write(std::string_view text)
{
  Write(std::as_bytes(std::span(text.data(), text.size())));
}

std::string
AtomicFile::Commit()
{
  const std::string expected = m_Hash->running.HexDigest();
  if (fsync(m_Descriptor) != 0)
  {
    Fail(Message("could not be flushed (", std::strerror(errno), ")"));
  }
  if (Sha256OfFile(m_Temporary) != expected)
  {
    Fail("reads back different from what was written");
  }
  if (fchmod(m_Descriptor, ModeByUmask()) != 0)
  {
    Fail(Message("could not be given its mode (", std::strerror(errno), ")"));
  }
  const int closed = close(m_Descriptor);
  m_Descriptor = -1;
  if (closed != 0)
  {
    Fail(Message("could not be closed (", std::strerror(errno), ")"));
  }
  if (rename(m_Temporary.c_str(), m_Target.c_str()) != 0)
  {
    Fail(Message("could not be put in place (", std::strerror(errno), ")"));
  }
  m_Temporary.clear();
  SyncFolder(FolderOf(m_Target));
  return expected;
}

std::string
AtomicWriteText(const std::filesystem::path & target, std::string_view text, Overwrite overwrite)
{
  AtomicFile file(target, overwrite);
  file.Write(text);
  return file.Commit();
}

std::string
AtomicWriteBytes(const std::filesystem::path & target,
                 std::span<const std::byte> bytes,
                 Overwrite overwrite)
{
  AtomicFile file(target, overwrite);
  file.Write(bytes);
  return file.Commit();
}

void
PrepareOutputFolder(const std::filesystem::path & folder, Overwrite overwrite)
{
  std::error_code error;
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error))
  {
    throw OutputError(Message(folder.string(), ": is a file, expected a folder"));
  }
  if (overwrite == Overwrite::Refuse && std::filesystem::exists(folder, error))
  {
    for (const auto & entry : std::filesystem::directory_iterator(folder, error))
    {
      if (entry.path().filename() != ".lock")
      {
        throw OutputError(
            Message(folder.string(), ": is not empty; give --overwrite to use it all the same"));
      }
    }
  }
  std::filesystem::create_directories(folder, error);
  if (error)
  {
    throw OutputError(Message(folder.string(), ": cannot be created (", error.message(), ")"));
  }
}

std::string
ReadTextFile(const std::filesystem::path & path, std::size_t limitInBytes)
{
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status
  {
  };
  if (descriptor < 0 || fstat(descriptor, &status) != 0)
  {
    const std::string reason = std::strerror(errno);
    if (descriptor >= 0)
    {
      close(descriptor);
    }
    throw InputError(Message(path.string(), ": cannot be read (", reason, ")"));
  }
  const auto refuse = [&](const std::string & why)
  {
    close(descriptor);
    throw InputError(Message(path.string(), ": ", why));
  };
  if (!S_ISREG(status.st_mode))
  {
    refuse("is not a regular file");
  }
  if (static_cast<std::size_t>(status.st_size) > limitInBytes)
  {
    refuse(Message("is too large (", status.st_size, " bytes, at most ", limitInBytes, ")"));
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size())
  {
    const ssize_t got = read(descriptor, text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR)
    {
      continue;
    }
    if (got <= 0)
    {
      refuse("ended before its stated size");
    }
    done += static_cast<std::size_t>(got);
  }
  close(descriptor);
  return text;
}

FolderLock::FolderLock(const std::filesystem::path & folder)
{
  const auto path = folder / ".lock";
  m_Descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (m_Descriptor < 0)
  {
    throw OutputError(Message(folder.string(), ": cannot be locked (", std::strerror(errno), ")"));
  }
  if (flock(m_Descriptor, LOCK_EX | LOCK_NB) != 0)
  {
    close(m_Descriptor);
    m_Descriptor = -1;
    throw OutputError(Message(folder.string(), ": another run is using this folder"));
  }
}

FolderLock::~FolderLock()
{
  if (m_Descriptor >= 0)
  {
    close(m_Descriptor);
  }
}

} // namespace sulcus
