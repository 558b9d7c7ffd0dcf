#pragma once

#include "sulcusStage.h"

#include <filesystem>
#include <optional>
#include <string>

namespace sulcus
{

/** The fraction in a line that `--progress json` writes; nothing for any other line. */
std::optional<double>
ProgressIn(const std::string & line);

/** Warnings and thread count from what `--report` wrote; a program that did not end well writes
 * none, and its warnings come from the log. */
void
ReadProgramReport(const std::filesystem::path & path,
                  const std::filesystem::path & log,
                  StageRecord & record);

/** The message of the last error line of a log, without program name and code. */
std::string
LastErrorIn(const std::filesystem::path & log);

/** \throws Error with the exit status of the program, or of the signal that was passed on to it. */
[[noreturn]] void
ThrowStageError(const std::string & stage,
                int status,
                int forwardedSignal,
                const std::filesystem::path & folder);

} // namespace sulcus
