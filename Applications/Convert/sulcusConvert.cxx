#include <sulcusApplication.h>
#include <sulcusAtomicWrite.h>
#include <sulcusDicomRead.h>
#include <sulcusLog.h>
#include <sulcusReadSettings.h>
#include <sulcusTable.h>

#include <algorithm>
#include <cstdio>

namespace
{

struct ConvertOptions
{
  std::string input;
  std::string output;
  std::string kind = "auto";
  std::string segments;
  std::string source;
  std::string secretFile;
  int compression = 1;
  bool list = false;
  bool deidentify = false;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "convert";
  program.summary = "Read any image or segmentation, check it, and write it in another format";
  program.details = "Reads NIfTI, NRRD, seg.nrrd, MetaImage, MGZ, DICOM series (files or folders), "
                    "DICOM SEG and RTSTRUCT; writes "
                    ".nii, .nii.gz, .nrrd, .mha, .seg.nrrd and DICOM SEG (.dcm). Damaged files and "
                    "doubtful geometry are refused with "
                    "the reason; each repair is an option and a warning. --list shows what the "
                    "input holds and writes nothing.";
  program.example = "sulcus-convert dicom_folder t1.nii.gz --series 4";
  return program;
}

void
Describe(sulcus::Parameters & visit, ConvertOptions & options)
{
  using sulcus::ParameterKind;
  visit("input", options.input, "File or DICOM folder.")
      .Kind(ParameterKind::InputFile)
      .Required()
      .Positional();
  visit("output", options.output, "File to write; its ending chooses the format.")
      .Kind(ParameterKind::OutputFile)
      .Positional();
  visit("list",
        options.list,
        "Show what the input holds, with geometry and contrast, and write nothing.");
  visit("kind",
        options.kind,
        "What the input is: labels are checked to be whole numbers and never rescaled. auto: "
        "labels where the input is a "
        "segmentation or the output can hold nothing else.")
      .Choices({"auto", "image", "labels"});
  visit("segments",
        options.segments,
        "Names, codes and colours of labels: the metadata JSON of dcmqi.")
      .Kind(ParameterKind::InputFile);
  visit("source", options.source, "DICOM series that a DICOM SEG output belongs to.")
      .Kind(ParameterKind::InputFile);
  visit("deidentify",
        options.deidentify,
        "Let nothing of the patient into the output (PS3.15 Annex E, basic profile); refuses "
        "images whose header says "
        "that text is burned into the pixels. A face in the voxels stays.");
  visit("secret_file",
        options.secretFile,
        "Key that makes replaced UIDs the same in every run with it; default: a random one.")
      .Kind(ParameterKind::InputFile)
      .Advanced();
  visit("compression", options.compression, "1 (fast) to 9 (small), for formats that compress.")
      .Range(1, 9);
}

const char *
NameOf(sulcus::DicomSeriesSummary::Kind kind)
{
  static constexpr const char * names[] = {"image", "segmentation", "structures", "other"};
  return names[static_cast<int>(kind)];
}

/** Tab-separated on standard output, so that a script can read it. */
void
ListSeries(const std::string & path, const sulcus::ReadOptions & options)
{
  sulcus::Table table({"choice",
                       "kind",
                       "number",
                       "modality",
                       "description",
                       "files",
                       "volumes",
                       "geometry",
                       "contrast",
                       "problem",
                       "uid"});
  std::int64_t place = 0;
  for (const auto & series : sulcus::ListDicomSeries(path, options))
  {
    table.AddRow({sulcus::Message("#", ++place),
                  std::string(NameOf(series.kind)),
                  series.number,
                  series.modality,
                  series.description,
                  static_cast<std::int64_t>(series.files),
                  static_cast<std::int64_t>(series.volumes.size()),
                  series.geometry,
                  series.contrast,
                  series.problem,
                  series.uid});
  }
  std::fputs(sulcus::ToTsv(table).c_str(), stdout);
}

void
ListFile(const std::string & path, const sulcus::ReadOptions & options)
{
  const auto information = sulcus::ReadHeader(path, options);
  const auto & header = information.header;
  sulcus::Table table(
      {"format", "type", "components", "volumes", "geometry", "source", "slope", "intercept"});
  table.AddRow({header.formatName,
                std::string(sulcus::NameOf(header.voxelType)),
                static_cast<std::int64_t>(header.components),
                static_cast<std::int64_t>(header.volumes),
                sulcus::ToText(information.grid),
                header.geometrySource,
                header.slope,
                header.intercept});
  std::fputs(sulcus::ToTsv(table).c_str(), stdout);
  for (const auto & warning : header.warnings)
  {
    sulcus::LogWarning(path + ": " + warning);
  }
}

bool
HoldsSegmentation(const std::string & path)
{
  if (!sulcus::IsDicomPath(path))
  {
    return path.ends_with(".seg.nrrd");
  }
  bool segmentation = false;
  for (const auto & series : sulcus::ListDicomSeries(path))
  {
    if (series.kind == sulcus::DicomSeriesSummary::Kind::Image)
    {
      return false;
    }
    segmentation = segmentation || series.kind != sulcus::DicomSeriesSummary::Kind::Other;
  }
  return segmentation;
}

bool
AreLabels(const ConvertOptions & options, const sulcus::ReadOptions & read)
{
  if (options.kind != "auto")
  {
    return options.kind == "labels";
  }
  return options.output.ends_with(".seg.nrrd") || options.output.ends_with(".dcm") ||
         !options.segments.empty() || !read.only.empty() || HoldsSegmentation(options.input);
}

void
Warn(const std::vector<std::string> & warnings, const std::string & path)
{
  for (const auto & warning : warnings)
  {
    sulcus::LogWarning(path + ": " + warning);
  }
}

void
RefuseBurnedIn(const sulcus::VolumeHeader & header, const ConvertOptions & options)
{
  for (const auto & [key, value] : header.fields)
  {
    if (options.deidentify && key == "burned_in_annotation")
    {
      throw sulcus::InputError(options.input + ": its header says that text is burned into the "
                                               "pixels, which --deidentify cannot remove");
    }
  }
}

void
ConvertLabels(const ConvertOptions & options,
              const sulcus::ReadOptions & read,
              sulcus::WriteOptions write)
{
  auto loaded = sulcus::ReadSegmentation(options.input, read);
  Warn(loaded.warnings, options.input);
  write.segments =
      options.segments.empty()
          ? loaded.info.segments
          : sulcus::ParseSegmentationJson(sulcus::ReadTextFile(options.segments), options.segments)
                .segments;
  sulcus::WriteImage(options.output, loaded.image.GetPointer(), write);
}

/** A scalar image keeps its integer type where no scaling was applied. */
void
WriteScalar(const sulcus::FloatImage * image,
            const sulcus::VolumeHeader & header,
            const ConvertOptions & options,
            sulcus::WriteOptions write)
{
  if (header.slope == 1.0 && header.intercept == 0.0)
  {
    write.storedType = header.voxelType;
  }
  sulcus::WriteImage(options.output, image, write);
}

void
ConvertImage(const ConvertOptions & options,
             const sulcus::ReadOptions & read,
             const sulcus::WriteOptions & write)
{
  if (read.volume)
  {
    const auto single = sulcus::ReadImage(options.input, read);
    RefuseBurnedIn(single.header, options);
    Warn(single.warnings, options.input);
    WriteScalar(single.image, single.header, options, write);
    return;
  }
  const auto loaded = sulcus::ReadVector(options.input, read);
  RefuseBurnedIn(loaded.header, options);
  Warn(loaded.warnings, options.input);
  if (loaded.image->GetNumberOfComponentsPerPixel() > 1)
  {
    sulcus::WriteImage(options.output, loaded.image.GetPointer(), write);
    return;
  }
  const auto single = sulcus::NewImage<sulcus::FloatImage>(sulcus::GridOf(loaded.header));
  std::copy_n(
      loaded.image->GetBufferPointer(), loaded.header.VoxelCount(), single->GetBufferPointer());
  WriteScalar(single, loaded.header, options, write);
}

void
CheckOptions(const ConvertOptions & options, const sulcus::CommonOptions & common)
{
  if (options.output.empty())
  {
    throw sulcus::UsageError("output: missing; name a file to write, or give --list");
  }
  sulcus::RequireWritableFormat(options.output);
  if (options.deidentify && (!common.report.empty() || !common.logFile.empty()))
  {
    throw sulcus::UsageError(
        "deidentify: report and log would name the input; leave --report and --log_file out");
  }
}

void
Run(const ConvertOptions & options,
    const sulcus::ReadSettings & settings,
    sulcus::RunContext & context)
{
  const auto read = sulcus::ToReadOptions(settings);
  if (options.list)
  {
    sulcus::IsDicomPath(options.input) ? ListSeries(options.input, read)
                                       : ListFile(options.input, read);
    return;
  }
  CheckOptions(options, context.common);
  if (context.common.dryRun)
  {
    sulcus::ReadHeader(options.input, read);
    return;
  }
  sulcus::WriteOptions write;
  write.overwrite = context.common.overwrite;
  write.compressionLevel = options.compression;
  write.dicomSource = options.source;
  write.dicom.deidentify = options.deidentify;
  write.dicom.secret = options.secretFile.empty() ? "" : sulcus::ReadTextFile(options.secretFile);
  AreLabels(options, read) ? ConvertLabels(options, read, write)
                           : ConvertImage(options, read, write);
  if (!options.deidentify)
  {
    context.record.AddOutput(options.output);
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  ConvertOptions options;
  sulcus::ReadSettings settings;
  return sulcus::RunApplication(
      argc,
      argv,
      Program(),
      [&](sulcus::Parameters & visit)
      {
        Describe(visit, options);
        sulcus::Describe(visit, settings);
      },
      [&](sulcus::RunContext & context) { Run(options, settings, context); });
}
