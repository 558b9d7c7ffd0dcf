#pragma once

#include "sulcusOptimizer.h"
#include "sulcusTensorFile.h"
#include <sulcusProcessGroup.h>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace sulcus
{

/** Replaces every gradient by its mean over the processes and returns the mean loss, which is not
 * finite if any process's loss is; gradients are then left alone. A parameter without a gradient
 * here that has one elsewhere counts as 0. Gradients travel as few flat tensors of about 25 MB. */
double
AverageGradients(ProcessGroup & processes,
                 const std::vector<NamedParameter> & parameters,
                 double loss);

/** Whether any process says so. */
bool
AnyProcess(ProcessGroup & processes, bool says);

/** What process 0 holds, everywhere: a small JSON document and tensors of any names and types. */
void
ShareState(ProcessGroup & processes, nlohmann::json & document, NamedTensors & tensors);

} // namespace sulcus
