#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace sulcus
{

/** Exit statuses of every program (Documentation/ExitCodes.md). */
enum class ExitCode : int
{
  Success = 0,
  RuntimeFailure = 1,
  Usage = 2,
  DamagedInput = 3,
  OutputNotWritten = 4,
  GeometryRefused = 5,
  Resources = 6,
  PartialFailure = 7,
  ModelRefused = 8,
  OutsideModelScope = 9,
  Interrupted = 130,
  Terminated = 143
};

/** Joins its arguments into one text, as operator<< prints them. */
template <typename... TParts>
std::string
Message(const TParts &... parts)
{
  std::ostringstream text;
  text.precision(10);
  (text << ... << parts);
  return text.str();
}

/** What every module throws: a one-line message (what, which, found, expected) and the exit status
 * it means. Modules throw and never print or exit; `RunApplication` catches once. */
class Error : public std::runtime_error
{
public:
  Error(ExitCode code, const std::string & message) : std::runtime_error(message), m_Code(code)
  {
  }

  ExitCode
  Code() const noexcept
  {
    return m_Code;
  }

private:
  ExitCode m_Code;
};

template <ExitCode VCode>
class ErrorOf : public Error
{
public:
  explicit ErrorOf(const std::string & message) : Error(VCode, message)
  {
  }
};

using RuntimeError = ErrorOf<ExitCode::RuntimeFailure>; ///< diverged, internal contradiction
using UsageError = ErrorOf<ExitCode::Usage>; ///< options, configuration, manifest contents
using InputError =
    ErrorOf<ExitCode::DamagedInput>; ///< a file that is missing, cut, corrupt or not what it claims
using OutputError = ErrorOf<ExitCode::OutputNotWritten>; ///< disk full, exists without --overwrite,
                                                         ///< read-back differs
using GeometryError =
    ErrorOf<ExitCode::GeometryRefused>; ///< no, conflicting, sheared or mismatched geometry
using ResourceError = ErrorOf<ExitCode::Resources>;     ///< memory, device, display, time
using PartialError = ErrorOf<ExitCode::PartialFailure>; ///< a batch some of whose cases failed
using ModelError = ErrorOf<ExitCode::ModelRefused>; ///< model, checkpoint or cache that cannot be
                                                    ///< trusted or does not fit
using ScopeError =
    ErrorOf<ExitCode::OutsideModelScope>; ///< image outside the model's input contract
using InterruptedError = ErrorOf<ExitCode::Interrupted>; ///< SIGINT or SIGTERM; resumable

} // namespace sulcus
