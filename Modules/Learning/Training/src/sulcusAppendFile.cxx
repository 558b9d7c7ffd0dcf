#include "sulcusAppendFile.h"

#include <sulcusError.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sulcus
{

AppendFile::AppendFile(const std::filesystem::path & path, std::int64_t position)
    : m_Path(path), m_Position(position)
{
  m_Descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (m_Descriptor < 0)
  {
    throw OutputError(
        Message(path.string(), ": cannot be opened for writing: ", std::strerror(errno)));
  }
  struct stat status
  {
  };
  if (fstat(m_Descriptor, &status) != 0 || status.st_size < position)
  {
    close(m_Descriptor);
    throw ModelError(Message(path.string(),
                             ": expected at least ",
                             position,
                             " bytes as the checkpoint says, found ",
                             status.st_size));
  }
  if (ftruncate(m_Descriptor, position) != 0 || lseek(m_Descriptor, position, SEEK_SET) != position)
  {
    close(m_Descriptor);
    throw OutputError(
        Message(path.string(), ": cannot be cut to ", position, " bytes: ", std::strerror(errno)));
  }
}

AppendFile::~AppendFile()
{
  close(m_Descriptor);
}

void
AppendFile::Append(std::string_view bytes)
{
  while (!bytes.empty())
  {
    const auto written = write(m_Descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
    {
      continue;
    }
    if (written <= 0)
    {
      throw OutputError(Message(m_Path.string(), ": cannot be written: ", std::strerror(errno)));
    }
    m_Position += written;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

} // namespace sulcus
