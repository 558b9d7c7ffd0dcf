#include "sulcusStudyEstimate.h"

#include <sulcusPlan.h>
#include <sulcusSha256.h>

#include <algorithm>
#include <map>
#include <thread>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Cost on two threads: seconds = fixed + rate · work, bytes = fixed + rate · size. */
struct Cost
{
  double seconds = 0.5;
  double secondsPerUnit = 0.0;
  double bytes = 1e8;
  double bytesPerUnit = 0.0;
};

// Units: voxels of all cases (check, prepare), voxel annotations (consensus), voxels of a patch
// times batch and steps (training), voxels of the cases (segment, evaluate); for memory the voxels
// of the largest case, and of a batch for training. Measured; see Documentation/Results/study.md.
const std::map<std::string, Cost> costs{{"data", {0.1, 0, 0, 0}},
                                        {"check", {0.3, 1.5e-7, 3e7, 20}},
                                        {"consensus", {1.0, 6e-5, 5e7, 200}},
                                        {"prepare", {0.5, 1.0e-6, 4e7, 60}},
                                        {"pretrain", {2.0, 1.3e-6, 4e8, 1200}},
                                        {"train", {2.0, 0.8e-6, 4e8, 1000}},
                                        {"segment", {0.5, 3.0e-6, 2.4e8, 120}},
                                        {"evaluate", {0.5, 1.5e-6, 3e7, 60}},
                                        {"report", {0.5, 2e-7, 3e7, 40}}};

/** How much longer a step of a method takes than a supervised one. */
const std::map<std::string, double> stepsOfMethods{{"supervised", 1.0},
                                                   {"correction", 4.0},
                                                   {"correction_published", 4.0},
                                                   {"cross_pseudo_supervision", 4.0},
                                                   {"fixmatch", 2.8},
                                                   {"unimatch", 5.0},
                                                   {"uncertainty_mean_teacher", 5.0}};

double
WorkOf(const Stage & stage, const StudyData & data, double batchVoxels)
{
  if (stage.program == "train" || stage.program == "pretrain")
  {
    const auto method = stage.settings.at("method").get<std::string>();
    const auto found = stepsOfMethods.find(method);
    const double factor = found != stepsOfMethods.end() ? found->second
                          : stage.program == "train"    ? 2.5
                                                        : 1.0;
    return factor * batchVoxels * stage.settings.value("steps", 1000);
  }
  if (stage.program == "consensus")
  {
    return static_cast<double>(data.fused) * static_cast<double>(data.largestVoxels);
  }
  if (stage.program == "segment")
  {
    return static_cast<double>(data.segmentVoxels);
  }
  if (stage.program == "evaluate" || stage.program == "report")
  {
    return static_cast<double>(data.evaluateCases) * static_cast<double>(data.largestVoxels);
  }
  return static_cast<double>(data.trainingVoxels);
}

/** Whether the plan of the cache is there as the study wrote it; an edited one may be no plan. */
bool
HasItsPlan(const StudyManifest & manifest, const fs::path & folder)
{
  const std::string path = "cache/plan.json";
  const auto * record = manifest.Find("prepare");
  return record != nullptr && fs::exists(folder / path) &&
         std::any_of(record->outputs.begin(),
                     record->outputs.end(),
                     [&](const auto & output) {
                       return output.path == path && output.sha256 == Sha256OfFile(folder / path);
                     });
}

/** Voxels of a training batch: of the plan if there is one, else of the patch that is derived by
 * default. */
double
BatchVoxels(const StudyData & data, const StudyManifest & manifest, const fs::path & folder)
{
  if (HasItsPlan(manifest, folder))
  {
    const auto plan = ReadPlan((folder / "cache/plan.json").string());
    return static_cast<double>(plan.patchSize[0] * plan.patchSize[1] * plan.patchSize[2]) *
           static_cast<double>(plan.batchSize);
  }
  return 2.0 * std::min(2.0e5, static_cast<double>(data.largestVoxels));
}

/** What the stage took when it was done before, for the number of steps it has now; 0: unknown. */
double
EarlierSeconds(const Stage & stage, const StudyManifest & manifest)
{
  const auto * record = manifest.Find(stage.name);
  if (record == nullptr || record->status != "done")
  {
    return 0.0;
  }
  const double then = record->settings.value("steps", 1000);
  return record->seconds * stage.settings.value("steps", 1000) / then;
}

} // namespace

void
EstimateStages(std::vector<Stage> & stages,
               const StudyData & data,
               const StudyManifest & manifest,
               const fs::path & folder,
               int threads)
{
  const double batchVoxels = BatchVoxels(data, manifest, folder);
  const double used = threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  for (auto & stage : stages)
  {
    const auto & cost = costs.at(stage.work ? "data" : stage.program);
    const bool learns = stage.program == "train" || stage.program == "pretrain";
    const double earlier = EarlierSeconds(stage, manifest);
    stage.expectedSeconds =
        earlier > 0.0
            ? earlier
            : cost.seconds + cost.secondsPerUnit * WorkOf(stage, data, batchVoxels) * 2.0 / used;
    stage.expectedMemoryInBytes = static_cast<std::uint64_t>(
        cost.bytes +
        cost.bytesPerUnit * (learns ? batchVoxels : static_cast<double>(data.largestVoxels)));
  }
}

std::string
EstimateBasis()
{
  return "Estimates: what a stage took before, else costs a voxel measured on two cores with "
         "AVX-512, scaled to the threads used; expect a factor of two either way.";
}

} // namespace sulcus
