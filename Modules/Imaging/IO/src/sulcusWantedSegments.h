#pragma once

#include <sulcusSafeRead.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Whether `options.only` leaves a segment of that name in. */
bool
IsWanted(const ReadOptions & options, const std::string & name);

/** \throws UsageError that lists the names if `options.only` asks for another */
void
RequireKnown(const ReadOptions & options,
             const std::vector<std::string> & names,
             const std::string & path);

/** Leaves the wanted segments. \throws UsageError as RequireKnown */
void
KeepWanted(std::vector<SegmentInfo> & segments,
           const ReadOptions & options,
           const std::string & path);

} // namespace sulcus
