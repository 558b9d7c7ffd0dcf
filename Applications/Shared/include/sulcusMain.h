#pragma once

#include "sulcusApplication.h"

namespace sulcus
{

/** RunApplication for a program whose parameters are one struct: `Describe(visit, options)` tells
 * them, found beside the struct, and `run(options, context)` does the work. */
template <typename TOptions, typename TRun>
int
RunApplicationWith(
    int argc, char ** argv, const ProgramDescription & program, TOptions & options, TRun run)
{
  return RunApplication(
      argc,
      argv,
      program,
      [&](Parameters & visit) { Describe(visit, options); },
      [&](RunContext & context) { run(options, context); });
}

} // namespace sulcus
