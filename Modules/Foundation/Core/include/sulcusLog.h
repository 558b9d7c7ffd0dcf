#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

enum class LogLevel
{
  Debug,
  Info,
  Warning,
  Error,
  Quiet
};

/** \throws UsageError naming the known levels. */
LogLevel
LogLevelFromName(const std::string & name);

/** Lines below the level are dropped. Lines go to stderr, and to the file if one is set. */
void
SetLogLevel(LogLevel level);
void
SetLogFile(const std::filesystem::path & path);

void
LogDebug(const std::string & line);
void
LogInfo(const std::string & line);
/** Also kept for the run record: nothing guessed is silent. */
void
LogWarning(const std::string & line);

/** Every warning so far, in order. */
std::vector<std::string>
CollectedWarnings();

/** A text with control characters and newlines shown as escapes, cut to a length; safe for one line
 * of a terminal. */
std::string
OneLine(const std::string & text, std::size_t longest = 300);

} // namespace sulcus
