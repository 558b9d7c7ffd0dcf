#include "sulcusPhantomCohort.h"

#include "sulcusCohortDesign.h"
#include <sulcusAtomicWrite.h>
#include <sulcusInterrupt.h>
#include <sulcusProgress.h>
#include <sulcusThreads.h>

#include <mutex>

namespace sulcus
{

namespace
{

const DesignedCase &
CaseAt(const std::vector<DesignedCase> & design, int number)
{
  if (number < 0 || number >= static_cast<int>(design.size()))
  {
    throw UsageError(
        Message("phantom cohort: there is no case ", number, ", only 0 to ", design.size() - 1));
  }
  return design[static_cast<std::size_t>(number)];
}

void
WriteCase(const PhantomCohortOptions & options,
          const DesignedCase & entry,
          int number,
          const std::filesystem::path & folder,
          const WriteOptions & writing)
{
  const auto phantom = MakePhantomCase(options, number);
  for (int channel = 0; channel < options.scan.channels; ++channel)
  {
    WriteImage((folder / ImagePath(entry, channel)).string(),
               phantom.scan.channels[static_cast<std::size_t>(channel)].GetPointer(),
               writing);
  }
  WriteImage((folder / LabelPath(entry)).string(), phantom.scan.truth.GetPointer(), writing);
  for (const auto & annotation :
       AnnotatePhantomCase(options, number, phantom.scan.truth.GetPointer()))
  {
    WriteImage((folder / AnnotatorPath(entry, annotation.annotator)).string(),
               annotation.labels.GetPointer(),
               writing);
  }
}

} // namespace

void
Describe(Parameters & visit, PhantomCohortOptions & o)
{
  visit("cases", o.cases, "Number of scans.").Range(1, 100000);
  visit("test_cases", o.testCases, "How many of them are held out as the test set.").Range(0);
  visit("validation_cases", o.validationCases, "How many of them are for validation.").Range(0);
  visit("labelled_cases",
        o.labelledCases,
        "Training cases whose label the manifest names; the others count as unlabelled.")
      .Range(0);
  visit("scans_per_subject",
        o.scansPerSubject,
        "Scans of each person, at changing sites; the split is by person.")
      .Range(1, 100);
  visit("sites",
        o.sites,
        "Scanners that differ in contrast, spacing, orientation, noise and intensity scale.")
      .Range(1, 1000);
  visit("channels", o.scan.channels, "Images a case: T1-, T2-, FLAIR- and PD-like.").Range(1, 4);
  visit(
      "annotators",
      o.annotators,
      "Simulated annotators: careful, generous, cautious, careless, adversarial, then drawn ones.")
      .Range(0, 100);
  visit("variability", o.variability, "Differences between people; 1 is the usual amount.")
      .Range(0.0, 2.0)
      .Advanced();
  visit("field_of_view",
        o.scan.fieldOfViewInMm,
        "Edge of the scanned box in mm; the head is about 40 mm.")
      .Range(10.0, 300.0)
      .Advanced();
  visit("texture", o.scan.texture, "Relative standard deviation of the tissue texture.")
      .Range(0.0, 0.5)
      .Advanced();
}

void
CheckPhantomCohort(const PhantomCohortOptions & options)
{
  DesignCohort(options);
  ChannelName(options.scan.channels - 1);
}

PhantomCase
MakePhantomCase(const PhantomCohortOptions & options, int number)
{
  const auto design = DesignCohort(options);
  const auto & entry = CaseAt(design, number);
  const RandomEngine random(options.seed);
  const Anatomy anatomy(
      random.Fork("subjects").Fork(static_cast<std::uint64_t>(entry.subjectNumber)),
      options.variability);
  const auto site = MakeSite(entry.siteNumber, random.Fork("sites"));
  return {entry.id,
          entry.subject,
          entry.site,
          entry.split,
          MakeScan(anatomy,
                   site,
                   options.scan,
                   random.Fork("scans").Fork(static_cast<std::uint64_t>(number)))};
}

std::vector<PhantomAnnotation>
AnnotatePhantomCase(const PhantomCohortOptions & options, int number, const LabelImage * truth)
{
  const RandomEngine random(options.seed);
  std::vector<PhantomAnnotation> annotations;
  if (options.annotators == 0)
  {
    return annotations;
  }
  const auto distances = DistancesOf(truth);
  for (int annotator = 0; annotator < options.annotators; ++annotator)
  {
    const auto profile = MakeAnnotator(annotator, random.Fork("annotators"));
    annotations.push_back(
        {profile.name,
         Annotate(
             truth,
             distances,
             profile,
             random.Fork("drawings").Fork(static_cast<std::uint64_t>(number)).Fork(profile.name))});
  }
  return annotations;
}

void
WritePhantomCohort(const PhantomCohortOptions & options,
                   const std::filesystem::path & folder,
                   Overwrite overwrite)
{
  CheckPhantomCohort(options);
  const auto design = DesignCohort(options);
  PrepareOutputFolder(folder, overwrite);
  const FolderLock lock(folder);
  for (const char * part : {"imagesTr", "labelsTr", "imagesTs", "labelsTs", "annotators"})
  {
    PrepareOutputFolder(folder / part, Overwrite::Allow);
  }
  WriteOptions writing;
  writing.overwrite = overwrite == Overwrite::Allow;
  Progress progress("Phantoms", static_cast<double>(design.size()));
  std::mutex progressMutex;
  double done = 0.0;
  const auto make = [&](std::size_t number)
  {
    ThrowIfInterrupted();
    WriteCase(options, design[number], static_cast<int>(number), folder, writing);
    const std::lock_guard<std::mutex> guard(progressMutex);
    progress.Update(++done, design[number].id);
  };
  // ITK's first use must be on one thread.
  make(0);
  ParallelForEach(design.size() - 1, [&](std::size_t i) { make(i + 1); });

  AtomicWriteText(folder / "manifest.tsv", ManifestText(options, design), overwrite);
  AtomicWriteText(folder / "splits.json", SplitsJson(options, design).dump(1) + "\n", overwrite);
  AtomicWriteText(folder / "dataset.json", DatasetJson(options, design).dump(1) + "\n", overwrite);
}

} // namespace sulcus
