// Cost of a step of every semi-supervised method against a supervised step with as many patches:
//
//   sulcusMethodStepBenchmark Z Y X [rounds] [threads] [fp32|bf16] [method,method,…]
//
// Patches of Z x Y x X voxels, two labelled and two unlabelled; the supervised step has four
// labelled ones. Methods take turns, round by round; medians in ms. Peak memory is that of a
// process of its own that makes three steps, less what the same process holds before the first.
#include <sulcusDevice.h>
#include <sulcusTrainingMethod.h>

#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <sys/resource.h>
#include <vector>

namespace
{

using namespace sulcus;

struct Settings
{
  std::array<std::int64_t, 3> patch{};
  int rounds = 5;
  int threads = 0;
  std::string precision = "fp32";
};

/** "name" or "name:option=value:…". */
BuiltMethod
Build(const std::string & spelled, const Settings & settings)
{
  std::istringstream words(spelled);
  std::string name;
  std::getline(words, name, ':');
  MethodRegistry registry("training method");
  RegisterSupervised(registry);
  RegisterSemiSupervisionMethods(registry);
  const auto method = registry.Make(name);
  Parameters parameters;
  method->Describe(parameters);
  for (std::string option; std::getline(words, option, ':');)
  {
    const auto equals = option.find('=');
    parameters.Require(option.substr(0, equals), "benchmark").SetText(option.substr(equals + 1));
  }
  MethodContext context;
  context.plan.labels = {{0, "background"}, {1, "a"}, {2, "b"}};
  context.plan.network.classes = 3;
  context.plan.patchSize = settings.patch;
  context.plan.network.strides.assign(4, {2, 2, 2});
  context.plan.network.strides[0] = {1, 1, 1};
  context.plan.network.kernels.assign(4, {3, 3, 3});
  context.streams.labelledPatches = name == "supervised" ? 4 : 2; // all methods see four patches
  context.streams.unlabelledPatches = 2;
  context.labelledCases = 2;
  context.unlabelledCases = 2;
  context.steps = 1000000;
  context.update.optimizer.kind = "adamw";
  context.precision = ResolvePrecision(settings.precision, torch::kCPU);
  auto built = method->Build(context);
  built.rule->SetSchedule(4); // ramps are over when the steps that count begin
  return built;
}

Batch
NoiseFor(const SamplingRule & sampling, const std::array<std::int64_t, 3> & size)
{
  Batch batch;
  batch.step = 3;
  for (const auto & rule : sampling.streams)
  {
    for (int view = 1; view <= rule.views; ++view)
    {
      auto & stream = batch.streams[rule.views > 1 ? rule.name + std::to_string(view) : rule.name];
      stream.image = torch::randn({rule.samples, 1, size[0], size[1], size[2]});
      stream.label = torch::zeros({rule.samples, size[0], size[1], size[2]}, torch::kLong);
      stream.label.narrow(1, size[0] / 3, size[0] / 3).fill_(1);
    }
  }
  return batch;
}

double
PeakMiB()
{
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

/** The child process: one number on standard output. */
int
PrintMemory(const std::string & method, const Settings & settings)
{
  const auto built = Build(method, settings);
  const auto batch = NoiseFor(built.sampling, settings.patch);
  const double before = PeakMiB();
  for (int step = 0; step < 3; ++step)
  {
    built.rule->Step(batch);
  }
  std::printf("%.1f\n", PeakMiB() - before);
  return 0;
}

double
MemoryOf(const char * program,
         const std::string & method,
         const std::vector<std::string> & arguments)
{
  std::string command = program;
  for (std::size_t i = 0; i < 6; ++i)
  {
    command += " " + arguments[i];
  }
  command += " " + method + " memory";
  std::FILE * pipe = popen(command.c_str(), "r");
  double value = 0.0;
  const bool isRead = pipe != nullptr && std::fscanf(pipe, "%lf", &value) == 1;
  if (pipe != nullptr)
  {
    pclose(pipe);
  }
  return isRead ? value : -1.0;
}

double
Median(std::vector<double> values)
{
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

std::vector<std::string>
SplitAtCommas(const std::string & text)
{
  std::vector<std::string> parts;
  std::istringstream words(text);
  for (std::string part; std::getline(words, part, ',');)
  {
    parts.push_back(part);
  }
  return parts;
}

void
PrintTable(const char * program,
           const std::vector<std::string> & arguments,
           const Settings & settings)
{
  const auto methods = SplitAtCommas(arguments[6]);
  std::vector<BuiltMethod> built;
  std::vector<Batch> batches;
  for (const auto & method : methods)
  {
    built.push_back(Build(method, settings));
    batches.push_back(NoiseFor(built.back().sampling, settings.patch));
  }
  std::vector<std::vector<double>> times(methods.size());
  for (int round = -1; round < settings.rounds; ++round) // the first round only warms up
  {
    for (std::size_t m = 0; m < methods.size(); ++m)
    {
      const auto start = std::chrono::steady_clock::now();
      built[m].rule->Step(batches[m]);
      const std::chrono::duration<double, std::milli> elapsed =
          std::chrono::steady_clock::now() - start;
      if (round >= 0)
      {
        times[m].push_back(elapsed.count());
      }
    }
  }
  const double reference = Median(times[0]);
  const double referenceMiB = MemoryOf(program, methods[0], arguments);
  std::printf("method\tstep_ms\tagainst_first\tpeak_MiB\tagainst_first\n");
  for (std::size_t m = 0; m < methods.size(); ++m)
  {
    const double mebibytes = m == 0 ? referenceMiB : MemoryOf(program, methods[m], arguments);
    std::printf("%s\t%.1f\t%.2f\t%.0f\t%.2f\n",
                methods[m].c_str(),
                Median(times[m]),
                Median(times[m]) / reference,
                mebibytes,
                mebibytes / referenceMiB);
    std::fflush(stdout);
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3)
  {
    std::fputs("usage: sulcusMethodStepBenchmark Z Y X [rounds] [threads] [fp32|bf16] [methods]\n",
               stderr);
    return 2;
  }
  const std::vector<std::string> defaults{
      "",
      "",
      "",
      "5",
      "0",
      "fp32",
      "supervised,mean_teacher,unimatch,correction,correction:correction_gate=full"};
  for (std::size_t i = arguments.size(); i < defaults.size(); ++i)
  {
    arguments.push_back(defaults[i]);
  }
  Settings settings;
  for (int axis = 0; axis < 3; ++axis)
  {
    settings.patch[axis] = std::atoll(arguments[axis].c_str());
  }
  settings.rounds = std::atoi(arguments[3].c_str());
  settings.threads = std::atoi(arguments[4].c_str());
  settings.precision = arguments[5];
  SetTorchThreads(settings.threads);
  torch::manual_seed(1);
  if (arguments.size() > 7 && arguments[7] == "memory")
  {
    return PrintMemory(arguments[6], settings);
  }
  PrintTable(argv[0], arguments, settings);
  return 0;
}
