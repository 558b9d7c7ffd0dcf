#include "sulcusProgress.h"

#include "sulcusError.h"
#include "sulcusParameters.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace sulcus
{
namespace
{

std::atomic<ProgressStyle> progressStyle{ProgressStyle::None};

} // namespace

ProgressStyle
ProgressStyleFromName(const std::string & name)
{
  const std::vector<std::string> names{"auto", "none", "bar", "slicer", "json"};
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
  {
    throw UsageError(Message("unknown progress style '", name, "'; ", SuggestName(name, names)));
  }
  return static_cast<ProgressStyle>(found - names.begin());
}

void
SetProgressStyle(ProgressStyle style)
{
  if (style == ProgressStyle::Automatic)
  {
    style = isatty(STDERR_FILENO) != 0 ? ProgressStyle::Bar : ProgressStyle::None;
  }
  progressStyle = style;
}

Progress::Progress(std::string task, double total)
    : m_Task(std::move(task)), m_Total(total), m_Start(std::chrono::steady_clock::now())
{
  if (progressStyle == ProgressStyle::Slicer)
  {
    fmt::print("<filter-start>\n<filter-name>{}</filter-name>\n<filter-comment> \"{}\" "
               "</filter-comment>\n</filter-start>\n",
               m_Task,
               m_Task);
    std::fflush(stdout);
  }
}

Progress::~Progress()
{
  if (progressStyle == ProgressStyle::Bar && m_Shown)
  {
    std::fputs("\n", stderr);
  }
  else if (progressStyle == ProgressStyle::Slicer)
  {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - m_Start;
    std::printf("<filter-end>\n<filter-name>%s</filter-name>\n<filter-time>%.3f</filter-time>\n</"
                "filter-end>\n",
                m_Task.c_str(),
                elapsed.count());
    std::fflush(stdout);
  }
}

void
Progress::Update(double done, const std::string & comment)
{
  if (progressStyle == ProgressStyle::None)
  {
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (m_FirstDone < 0.0)
  {
    m_FirstDone = done; // a resumed run starts in the middle
    m_Start = now;
  }
  const bool last = done >= m_Total;
  if (!last && m_Shown && now - m_LastShown < std::chrono::milliseconds(100))
  {
    return;
  }
  m_LastShown = now;
  m_Shown = true;
  const double elapsed = std::chrono::duration<double>(now - m_Start).count();
  const double advanced = done - m_FirstDone;
  const std::string left =
      advanced > 0.0 && !last ? DurationText(elapsed * (m_Total - done) / advanced) + " left" : "";
  Show(m_Total > 0.0 ? std::clamp(done / m_Total, 0.0, 1.0) : 1.0,
       comment.empty() ? left : left + (left.empty() ? "" : ", ") + comment);
}

void
Progress::Show(double fraction, const std::string & comment)
{
  switch (progressStyle.load())
  {
  case ProgressStyle::Bar:
  {
    const int filled = static_cast<int>(std::lround(fraction * 30));
    fmt::print(stderr,
               "\r\033[K{} [{:-<30}] {:3.0f} % {}",
               m_Task,
               std::string(static_cast<std::size_t>(filled), '#'),
               100 * fraction,
               comment);
    std::fflush(stderr);
    break;
  }
  case ProgressStyle::Slicer:
    fmt::print("<filter-progress>{:.4f}</filter-progress>\n", fraction);
    std::fflush(stdout);
    break;
  case ProgressStyle::Json:
    fmt::print(
        "{}\n",
        nlohmann::json{{"task", m_Task}, {"fraction", fraction}, {"comment", comment}}.dump());
    std::fflush(stdout);
    break;
  default:
    break;
  }
}

std::string
DurationText(double seconds)
{
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  if (whole >= 3600)
  {
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  }
  if (whole >= 60)
  {
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} s", whole);
}

} // namespace sulcus
