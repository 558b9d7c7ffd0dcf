#include "sulcusWantedSegments.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <algorithm>

namespace sulcus
{

bool
IsWanted(const ReadOptions & options, const std::string & name)
{
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), name) != options.only.end();
}

void
RequireKnown(const ReadOptions & options,
             const std::vector<std::string> & names,
             const std::string & path)
{
  for (const auto & wanted : options.only)
  {
    if (std::find(names.begin(), names.end(), wanted) == names.end())
    {
      throw UsageError(Message(path,
                               ": holds no segment '",
                               wanted,
                               "'; ",
                               names.empty() ? std::string("its labels have no names")
                                             : SuggestName(wanted, names)));
    }
  }
}

void
KeepWanted(std::vector<SegmentInfo> & segments,
           const ReadOptions & options,
           const std::string & path)
{
  std::vector<std::string> names;
  for (const auto & segment : segments)
  {
    names.push_back(segment.name);
  }
  RequireKnown(options, names, path);
  std::erase_if(segments, [&](const auto & segment) { return !IsWanted(options, segment.name); });
}

} // namespace sulcus
