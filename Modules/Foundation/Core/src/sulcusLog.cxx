#include "sulcusLog.h"

#include "sulcusError.h"
#include "sulcusParameters.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <mutex>

namespace sulcus
{
namespace
{

struct LogState
{
  std::mutex mutex;
  LogLevel level = LogLevel::Info;
  std::ofstream file;
  std::vector<std::string> warnings;
};

LogState &
State()
{
  static LogState state;
  return state;
}

void
Write(LogLevel level, const char * label, const std::string & line)
{
  auto & state = State();
  const std::lock_guard lock(state.mutex);
  if (level == LogLevel::Warning)
  {
    state.warnings.push_back(line);
  }
  if (level < state.level)
  {
    return;
  }
  const std::string text = fmt::format("{}{}\n", label, OneLine(line, 2000));
  std::fputs(text.c_str(), stderr);
  if (state.file.is_open())
  {
    state.file << text << std::flush;
  }
}

} // namespace

LogLevel
LogLevelFromName(const std::string & name)
{
  const std::vector<std::string> names{"debug", "info", "warning", "error", "quiet"};
  for (std::size_t i = 0; i < names.size(); ++i)
  {
    if (name == names[i])
    {
      return static_cast<LogLevel>(i);
    }
  }
  throw UsageError(Message("unknown log level '", name, "'; ", SuggestName(name, names)));
}

void
SetLogLevel(LogLevel level)
{
  const std::lock_guard lock(State().mutex);
  State().level = level;
}

void
SetLogFile(const std::filesystem::path & path)
{
  const std::lock_guard lock(State().mutex);
  State().file.open(path, std::ios::app);
  if (!State().file)
  {
    throw OutputError(Message(path.string(), ": the log cannot be written"));
  }
}

void
LogDebug(const std::string & line)
{
  Write(LogLevel::Debug, "debug: ", line);
}

void
LogInfo(const std::string & line)
{
  Write(LogLevel::Info, "", line);
}

void
LogWarning(const std::string & line)
{
  Write(LogLevel::Warning, "warning: ", line);
}

std::vector<std::string>
CollectedWarnings()
{
  const std::lock_guard lock(State().mutex);
  return State().warnings;
}

std::string
OneLine(const std::string & text, std::size_t longest)
{
  std::string shown;
  for (const char c : text)
  {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    if (shown.size() > longest)
    {
      shown.resize(longest - 3);
      return shown + "...";
    }
  }
  return shown;
}

} // namespace sulcus
