#include "sulcusNyul.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

void
RequireLandmarks(const std::vector<double> & landmarks, const char * what)
{
  const bool finite =
      std::all_of(landmarks.begin(), landmarks.end(), [](double x) { return std::isfinite(x); });
  if (landmarks.size() != NyulPercentiles().size() || !finite ||
      !std::is_sorted(landmarks.begin(), landmarks.end()))
  {
    throw UsageError(Message("Nyúl standardisation: ",
                             what,
                             " has ",
                             landmarks.size(),
                             " landmarks, need ",
                             NyulPercentiles().size(),
                             " ascending finite numbers"));
  }
}

} // namespace

const std::vector<double> &
NyulPercentiles()
{
  static const std::vector<double> percentiles{1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99};
  return percentiles;
}

std::vector<double>
LearnNyulScale(const std::vector<std::vector<double>> & landmarksOfImages)
{
  if (landmarksOfImages.empty())
  {
    throw UsageError("Nyúl standardisation: no image to learn from");
  }
  std::vector<double> scale(NyulPercentiles().size(), 0.0);
  for (const auto & landmarks : landmarksOfImages)
  {
    RequireLandmarks(landmarks, "an image");
    const double low = landmarks.front();
    const double range = landmarks.back() - low;
    if (!(range > 0.0))
    {
      throw UsageError(Message("Nyúl standardisation: an image is constant (",
                               low,
                               ") between its 1st and 99th percentile"));
    }
    for (std::size_t i = 0; i < scale.size(); ++i)
    {
      scale[i] += (landmarks[i] - low) / range;
    }
  }
  for (double & value : scale)
  {
    value /= static_cast<double>(landmarksOfImages.size());
  }
  return scale;
}

IntensityMap
NyulMap(const std::vector<double> & landmarks, const std::vector<double> & standardScale)
{
  RequireLandmarks(landmarks, "the image");
  RequireLandmarks(standardScale, "the standard scale");
  std::vector<double> from;
  std::vector<double> to;
  for (std::size_t i = 0; i < landmarks.size();)
  {
    double sum = 0.0;
    std::size_t end = i;
    for (; end < landmarks.size() && landmarks[end] == landmarks[i]; ++end)
    {
      sum += standardScale[end];
    }
    from.push_back(landmarks[i]);
    to.push_back(sum / static_cast<double>(end - i));
    i = end;
  }
  return IntensityMap(std::move(from), std::move(to), false);
}

} // namespace sulcus
