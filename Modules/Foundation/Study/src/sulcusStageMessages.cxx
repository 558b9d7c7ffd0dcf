#include "sulcusStageMessages.h"

#include <sulcusAtomicFile.h>
#include <sulcusError.h>

#include <algorithm>
#include <csignal>
#include <sstream>

namespace sulcus
{

std::optional<double>
ProgressIn(const std::string & line)
{
  if (!line.starts_with("{\"") || line.find("\"fraction\"") == std::string::npos)
  {
    return std::nullopt;
  }
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("fraction") || !json["fraction"].is_number())
  {
    return std::nullopt;
  }
  return std::clamp(json["fraction"].get<double>(), 0.0, 1.0);
}

void
ReadProgramReport(const std::filesystem::path & path,
                  const std::filesystem::path & log,
                  StageRecord & record)
{
  if (!std::filesystem::exists(path))
  {
    static const std::string mark = "warning: ";
    std::istringstream lines(std::filesystem::exists(log) ? ReadTextFile(log) : std::string());
    for (std::string line; std::getline(lines, line);)
    {
      if (line.starts_with(mark))
      {
        record.warnings.push_back(line.substr(mark.size()));
      }
    }
    return;
  }
  const auto json = nlohmann::json::parse(ReadTextFile(path), nullptr, false);
  if (!json.is_object())
  {
    throw RuntimeError(Message(path.string(), ": not the report of a program"));
  }
  record.threads = json.value("threads", 0);
  record.warnings = json.value("warnings", std::vector<std::string>());
}

std::string
LastErrorIn(const std::filesystem::path & log)
{
  static const std::string mark = ": error: ";
  std::string message;
  if (std::filesystem::exists(log))
  {
    std::istringstream lines(ReadTextFile(log));
    for (std::string line; std::getline(lines, line);)
    {
      if (const auto at = line.find(mark); at != std::string::npos)
      {
        message = line.substr(at + mark.size());
      }
    }
  }
  if (const auto code = message.rfind(" [E-"); code != std::string::npos)
  {
    message.resize(code);
  }
  return message;
}

void
ThrowStageError(const std::string & stage,
                int status,
                int forwardedSignal,
                const std::filesystem::path & folder)
{
  if (forwardedSignal != 0)
  {
    throw Error(forwardedSignal == SIGTERM ? ExitCode::Terminated : ExitCode::Interrupted,
                Message("stopped in stage ", stage, "; run the same command again to go on"));
  }
  const auto log = "stages/" + FileNameOf(stage) + ".log";
  if (status == 128 + SIGKILL)
  {
    throw ResourceError(Message("stage ",
                                stage,
                                ": was killed, as the system does when memory runs out; the same "
                                "command goes on"));
  }
  const bool known = (status >= 1 && status <= 9) || status == 130 || status == 143;
  const auto message = LastErrorIn(folder / log);
  throw Error(known ? static_cast<ExitCode>(status) : ExitCode::RuntimeFailure,
              Message("stage ",
                      stage,
                      ": ",
                      message.empty() ? Message("ended with status ", status) : message,
                      " (see ",
                      log,
                      ")"));
}

} // namespace sulcus
