#include <sulcusApplication.h>
#include <sulcusPhantomCohort.h>

namespace
{

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "phantom";
  program.summary = "Make a synthetic multi-site MRI cohort with truth and simulated annotators";
  program.details =
      "Writes an nnU-Net raw folder (imagesTr, labelsTr, imagesTs, labelsTs, dataset.json), a "
      "manifest.tsv in which only some training cases have a label, a frozen splits.json, and the "
      "drawings of simulated annotators. Voxels that an annotator left out hold 255. The same seed "
      "and options give the same files.";
  program.example = "sulcus-phantom --output cohort --cases 16 --labelled_cases 4";
  program.usesSeed = true;
  return program;
}

} // namespace

int
main(int argc, char ** argv)
{
  std::string folder;
  sulcus::PhantomCohortOptions options;
  return sulcus::RunApplication(
      argc,
      argv,
      Program(),
      [&](sulcus::Parameters & visit)
      {
        visit("output", folder, "Folder for the data set; must not exist or be empty.")
            .Kind(sulcus::ParameterKind::OutputFolder)
            .Required()
            .Positional()
            .Short('o');
        visit.Group("Cohort");
        sulcus::Describe(visit, options);
      },
      [&](sulcus::RunContext & context)
      {
        options.seed = context.common.seed;
        sulcus::CheckPhantomCohort(options);
        if (context.common.dryRun)
        {
          return;
        }
        sulcus::WritePhantomCohort(options, folder, context.OverwriteRule());
        context.record.AddOutput(std::filesystem::path(folder) / "dataset.json");
        context.record.AddOutput(std::filesystem::path(folder) / "manifest.tsv");
        context.record.AddOutput(std::filesystem::path(folder) / "splits.json");
      });
}
