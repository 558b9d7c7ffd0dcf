#include "sulcusConsensusFusion.h"

#include <sulcusAnnotatorForestTrainer.h>
#include <sulcusImageGrid.h>
#include <sulcusInterrupt.h>

#include <algorithm>

namespace sulcus
{
namespace
{

bool
IsAnnotator(const ConsensusCase & source, const std::string & name)
{
  return std::any_of(source.annotations.begin(),
                     source.annotations.end(),
                     [&](const auto & annotation) { return annotation.annotator == name; });
}

std::vector<std::string>
NamesOf(const ConsensusCase & source)
{
  std::vector<std::string> names;
  for (const auto & annotation : source.annotations)
  {
    names.push_back(annotation.annotator);
  }
  return names;
}

} // namespace

std::vector<std::string>
AbsentAnnotators(const ConsensusCase & source, const AnnotatorForests & forests)
{
  std::vector<std::string> names;
  for (const auto & [name, forest] : forests)
  {
    if (!source.image.empty() && !IsAnnotator(source, name))
    {
      names.push_back(name);
    }
  }
  return names;
}

ConsensusFilter::Pointer
FuseCase(const ConsensusCase & source,
         const LoadedCase & loaded,
         const AnnotatorForests & forests,
         const ConsensusOptions & options,
         const std::function<void(double)> & progress)
{
  auto filter = ConsensusFilter::New();
  for (unsigned r = 0; r < loaded.maps.size(); ++r)
  {
    filter->SetAnnotation(r, loaded.maps[r]);
    const auto known = forests.find(source.annotations[r].annotator);
    if (known != forests.end())
    {
      filter->SetAnnotatorForest(r, known->second); // for a map in which nothing was annotated
    }
  }
  const auto nothing =
      NewImage<LabelImage>(GridOf(loaded.maps.front().GetPointer()), UnobservedValue);
  auto next = static_cast<unsigned>(loaded.maps.size());
  for (const auto & name : AbsentAnnotators(source, forests))
  {
    filter->SetAnnotation(next, nothing);
    filter->SetAnnotatorForest(next, forests.at(name));
    ++next;
  }
  filter->SetMissingValue(UnobservedValue);
  filter->SetImage(loaded.image);
  filter->SetOptions(options);
  const auto * process = filter.GetPointer();
  filter->AddObserver(itk::ProgressEvent(),
                      [&progress, process](const itk::EventObject &)
                      {
                        ThrowIfInterrupted();
                        progress(double(process->GetProgress()));
                      });
  filter->Update();
  filter->RemoveAllObservers();
  return filter;
}

std::set<std::string>
AnnotatorsWithAbsences(const ConsensusCohort & cohort)
{
  std::map<std::string, std::size_t> seen;
  std::size_t cases = 0;
  for (const auto & one : cohort.cases)
  {
    if (!one.image.empty())
    {
      ++cases;
      for (const auto & name : NamesOf(one))
      {
        ++seen[name];
      }
    }
  }
  std::set<std::string> names;
  for (const auto & [name, count] : seen)
  {
    if (count < cases)
    {
      names.insert(name);
    }
  }
  return names;
}

bool
HasAnnotatorOf(const ConsensusCase & source, const std::set<std::string> & annotators)
{
  return !source.image.empty() &&
         std::any_of(source.annotations.begin(),
                     source.annotations.end(),
                     [&](const auto & a) { return annotators.contains(a.annotator); });
}

AnnotatorForests
LearnAnnotators(const ConsensusCohort & cohort,
                const std::set<std::string> & annotators,
                const ConsensusProgramOptions & options,
                const std::function<void(double)> & progress)
{
  AnnotatorForestTrainer trainer(annotators);
  auto quick = options.consensus;
  quick.stability = false;
  quick.boundRounds = 0;
  double done = 0.0;
  for (const auto & one : cohort.cases)
  {
    if (!HasAnnotatorOf(one, annotators))
    {
      continue;
    }
    const auto loaded = LoadCase(one, options.missingValue, options.resample);
    const auto filter =
        FuseCase(one, loaded, {}, quick, [&](double share) { progress(done + share); });
    trainer.AddScan(filter->Block(), filter->Result(), NamesOf(one), options.consensus);
    progress(++done);
  }
  return trainer.Train(options.consensus);
}

} // namespace sulcus
