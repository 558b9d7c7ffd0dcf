#pragma once

#include "sulcusStudyManifest.h"

#include <string>
#include <vector>

namespace sulcus
{

enum class StageAction
{
  Skip,   ///< inputs, settings and outputs are what the manifest says
  Run,    ///< never done, or something changed
  Resume, ///< was interrupted; the program goes on
  Take,   ///< lies before the first stage asked for: its outputs are taken as they are
  Refuse  ///< running would replace what somebody changed by hand
};

struct StageDecision
{
  StageAction action = StageAction::Run;
  std::string reason;   ///< for people, one line
  bool replace = false; ///< earlier outputs may be overwritten
};

/** SHA-256 over what decides a stage's result: program and version, settings, and the inputs'
 * hashes. */
std::string
KeyOf(const Stage & stage, const std::vector<HashedPath> & inputs);

/** What has to be done about a stage.
 * \param record       what the manifest keeps of it, or nullptr
 * \param inputs       as they are now
 * \param upstream     name of an earlier stage that will run and may change the inputs; or empty
 * \param taken        the stage lies before the first one asked for
 * \param overwrite    outputs that were changed by hand may be replaced */
StageDecision
DecideStage(const Stage & stage,
            const StageRecord * record,
            const std::vector<HashedPath> & inputs,
            const std::string & upstream,
            bool taken,
            bool overwrite,
            FileHasher & hasher);

} // namespace sulcus
