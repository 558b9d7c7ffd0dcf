#include "sulcusError.h"
#include "sulcusParameters.h"

#include <algorithm>
#include <numeric>

namespace sulcus
{

std::optional<std::string>
NearestName(std::string_view name, const std::vector<std::string> & candidates)
{
  std::optional<std::string> nearest;
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto & candidate : candidates)
  {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= name.size(); ++i)
    {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j)
      {
        const std::size_t substituted = diagonal + (name[i - 1] != candidate[j - 1]);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
      }
    }
    if (row.back() < best)
    {
      best = row.back();
      nearest = candidate;
    }
  }
  return nearest;
}

std::string
SuggestName(std::string_view name, const std::vector<std::string> & candidates)
{
  if (const auto nearest = NearestName(name, candidates))
  {
    return Message("did you mean '", *nearest, "'?");
  }
  std::string known;
  for (const auto & candidate : candidates)
  {
    known += (known.empty() ? "" : ", ") + candidate;
  }
  return Message("known: ", known.size() > 160 ? known.substr(0, 157) + "..." : known);
}

} // namespace sulcus
