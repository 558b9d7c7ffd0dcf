#include "sulcusByteSource.h"

#include "sulcusGzipSource.h"
#include <sulcusError.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sulcus
{

namespace
{

class FileHandle
{
public:
  FileHandle(const std::string & path, bool allowLink)
  {
    std::string target = path;
    if (allowLink)
    {
      char * const resolved = ::realpath(path.c_str(), nullptr);
      if (resolved == nullptr)
      {
        throw InputError(Message(path, ": cannot be opened (", std::strerror(errno), ")"));
      }
      target = resolved;
      std::free(resolved);
    }
    m_File = ::open(target.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (m_File < 0)
    {
      throw InputError(errno == ELOOP
                           ? Message(path, ": is a symbolic link, which is not allowed here")
                           : Message(path, ": cannot be opened (", std::strerror(errno), ")"));
    }
    struct stat status = {};
    if (::fstat(m_File, &status) != 0 || !S_ISREG(status.st_mode))
    {
      ::close(m_File);
      throw InputError(Message(path,
                               S_ISDIR(status.st_mode) ? ": is a folder, need a file"
                                                       : ": is not a regular file"));
    }
    m_Size = static_cast<std::uint64_t>(status.st_size);
  }
  FileHandle(const FileHandle &) = delete;
  FileHandle &
  operator=(const FileHandle &) = delete;
  ~FileHandle()
  {
    ::close(m_File);
  }

  std::uint64_t
  Size() const
  {
    return m_Size;
  }

  Bytes
  Read(const std::string & path, std::size_t count) const
  {
    Bytes bytes(count);
    std::size_t done = 0;
    while (done < count)
    {
      const ssize_t got =
          ::read(m_File, bytes.data() + done, std::min<std::size_t>(count - done, 1 << 30));
      if (got < 0 && errno == EINTR)
      {
        continue;
      }
      if (got < 0)
      {
        throw InputError(Message(path, ": cannot be read (", std::strerror(errno), ")"));
      }
      if (got == 0)
      {
        throw InputError(Message(path, ": became shorter while it was read"));
      }
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }

private:
  int m_File = -1;
  std::uint64_t m_Size = 0;
};

class PlainSource : public ByteSource
{
public:
  PlainSource(ByteView bytes, std::string name) : m_Bytes(bytes), m_Name(std::move(name))
  {
  }

  void
  Read(std::span<std::byte> target) override
  {
    if (target.size() > m_Bytes.size())
    {
      throw InputError(Message(
          m_Name, ": ends too early (", m_Bytes.size(), " bytes left, need ", target.size(), ")"));
    }
    std::copy_n(m_Bytes.begin(), target.size(), target.begin());
    m_Bytes = m_Bytes.subspan(target.size());
  }

  std::uint64_t
  Remaining() const override
  {
    return m_Bytes.size();
  }

  std::uint64_t
  Finish() override
  {
    const std::uint64_t rest = m_Bytes.size();
    m_Bytes = {};
    return rest;
  }

private:
  ByteView m_Bytes;
  std::string m_Name;
};

} // namespace

Bytes
ReadWholeFile(const std::string & path, std::uint64_t limitInBytes, bool allowLink)
{
  const FileHandle file(path, allowLink);
  if (file.Size() > limitInBytes)
  {
    throw ResourceError(
        Message(path, ": holds ", file.Size(), " bytes, the limit is ", limitInBytes));
  }
  return file.Read(path, file.Size());
}

Bytes
ReadFileStart(const std::string & path, std::size_t count)
{
  const FileHandle file(path, true);
  return file.Read(path, std::min<std::uint64_t>(count, file.Size()));
}

bool
IsGzip(ByteView bytes)
{
  return bytes.size() >= 3 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b} &&
         bytes[2] == std::byte{8};
}

void
ByteSource::Skip(std::uint64_t count)
{
  Bytes scratch(std::min<std::uint64_t>(count, 1 << 16));
  while (count > 0)
  {
    const auto part = std::min<std::uint64_t>(count, scratch.size());
    Read(std::span(scratch).first(part));
    count -= part;
  }
}

std::unique_ptr<ByteSource>
MakePlainByteSource(ByteView bytes, std::string name)
{
  return std::make_unique<PlainSource>(bytes, std::move(name));
}

std::unique_ptr<ByteSource>
MakeByteSource(ByteView bytes, std::string name)
{
  if (IsGzip(bytes))
  {
    return MakeInflatingByteSource(bytes, std::move(name), false);
  }
  return MakePlainByteSource(bytes, std::move(name));
}

std::unique_ptr<ByteSource>
MakeInflatingByteSource(ByteView bytes, std::string name, bool zlibFraming)
{
  return std::make_unique<GzipSource>(bytes, std::move(name), zlibFraming);
}

} // namespace sulcus
