#pragma once

#include <chrono>
#include <string>

namespace sulcus
{

enum class ProgressStyle
{
  Automatic, ///< a bar on a terminal, nothing elsewhere
  None,
  Bar,
  Slicer, ///< <filter-progress> tags on stdout
  Json    ///< one JSON object a line on stdout
};

/** \throws UsageError naming the known styles. */
ProgressStyle
ProgressStyleFromName(const std::string & name);

void
SetProgressStyle(ProgressStyle style);

/** Shows how far a piece of work is, with the time left; at most about ten updates a second. */
class Progress
{
public:
  explicit Progress(std::string task, double total);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &
  operator=(const Progress &) = delete;

  /** \param done    in [0, total]
   *  \param comment shown behind the bar, e.g. the present loss */
  void
  Update(double done, const std::string & comment = {});

private:
  void
  Show(double fraction, const std::string & comment);

  std::string m_Task;
  double m_Total;
  double m_FirstDone = -1.0;
  std::chrono::steady_clock::time_point m_Start;
  std::chrono::steady_clock::time_point m_LastShown;
  bool m_Shown = false;
};

/** "1 h 02 min", "3 min 05 s", "12 s". */
std::string
DurationText(double seconds);

} // namespace sulcus
