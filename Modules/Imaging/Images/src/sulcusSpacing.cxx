#include "sulcusSpacing.h"

#include <sulcusError.h>

#include <charconv>

namespace sulcus
{

std::vector<double>
ReadNumbers(const std::string & text, const std::string & where)
{
  std::vector<double> numbers;
  const char * at = text.data();
  const char * const end = text.data() + text.size();
  while (at <= end)
  {
    while (at < end && *at == ' ')
    {
      ++at;
    }
    double value = 0.0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc())
    {
      throw UsageError(Message(where, " '", text, "' is not a list of numbers such as 1.5,1.5,10"));
    }
    numbers.push_back(value);
    at = next;
    while (at < end && *at == ' ')
    {
      ++at;
    }
    if (at == end)
    {
      break;
    }
    if (*at != ',' && *at != 'x')
    {
      throw UsageError(Message(where, " '", text, "' is not a list of numbers such as 1.5,1.5,10"));
    }
    ++at;
  }
  return numbers;
}

std::array<double, 3>
SpacingFromNumbers(const std::vector<double> & numbers, const std::string & where)
{
  if (numbers.size() != 3)
  {
    throw UsageError(
        Message(where, ": a spacing needs three numbers (x, y, z), not ", numbers.size()));
  }
  for (const double value : numbers)
  {
    if (!(value >= 0.01 && value <= 50.0))
    {
      throw UsageError(Message(where, ": spacing ", value, " mm, need 0.01 to 50"));
    }
  }
  return {numbers[0], numbers[1], numbers[2]};
}

} // namespace sulcus
