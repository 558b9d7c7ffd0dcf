#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusLabelSurface.h>
#include <sulcusLog.h>
#include <sulcusMain.h>
#include <sulcusMeshFiles.h>
#include <sulcusProgress.h>
#include <sulcusReadSettings.h>
#include <sulcusTable.h>

#include <algorithm>
#include <cstdio>
#include <limits>

namespace
{

struct Options
{
  std::string labels;
  std::string output;
  std::string format = ".stl";
  std::vector<std::int64_t> structures;
  sulcus::SurfaceOptions surface;
  sulcus::ReadSettings reading;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "mesh";
  program.summary = "Turn a segmentation into smooth surfaces in millimetres";
  program.details = "Writes all structures into one file (.ply, .vtp, .gltf, .glb, .obj), one "
                    "structure into an .stl file, or one file a structure into a folder. Points "
                    "are LPS millimetres and the files say so; glTF is turned upright and scaled "
                    "to metres by a node. Surfaces are closed, and their volume is that of the "
                    "voxels. Prints label, name, triangles, area and volume.";
  program.example = "sulcus-mesh segmentation.nii.gz brain.glb";
  return program;
}

void
Describe(sulcus::Parameters & visit, Options & options)
{
  visit("labels", options.labels, "Segmentation: file or DICOM folder.")
      .Kind(sulcus::ParameterKind::InputLabelMap)
      .Required()
      .Positional();
  visit("output",
        options.output,
        "File to write, whose ending chooses the format, or a folder for one file a structure.")
      .Kind(sulcus::ParameterKind::OutputFile)
      .Required()
      .Positional();
  visit("structures", options.structures, "Labels to make surfaces of; by default all.")
      .Range(1, std::numeric_limits<std::uint16_t>::max());
  visit("format", options.format, "Ending of the files in a folder.")
      .Choices(sulcus::MeshFormatEndings());
  sulcus::Describe(visit, options.surface);
  sulcus::Describe(visit, options.reading);
}

/** "segment_3.stl": letters, digits, hyphens and underscores of the name. */
std::string
FileNameOf(const sulcus::SurfaceMesh & mesh)
{
  std::string name;
  for (const char c : mesh.name)
  {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    name += plain ? c : '_';
  }
  return sulcus::Message(mesh.label, "_", name.substr(0, 80));
}

void
WriteMeshes(const std::vector<sulcus::SurfaceMesh> & meshes,
            const Options & options,
            sulcus::RunContext & context)
{
  if (sulcus::IsMeshName(options.output))
  {
    sulcus::AtomicWriteText(options.output,
                            sulcus::EncodeMeshes(meshes, sulcus::MeshFormatOf(options.output)),
                            context.OverwriteRule());
    context.record.AddOutput(options.output);
    return;
  }
  sulcus::PrepareOutputFolder(options.output, context.OverwriteRule());
  for (const auto & mesh : meshes)
  {
    const auto path = options.output + "/" + FileNameOf(mesh) + options.format;
    sulcus::AtomicWriteText(path,
                            sulcus::EncodeMeshes({&mesh, 1}, sulcus::MeshFormatOf(path)),
                            context.OverwriteRule());
    context.record.AddOutput(path);
  }
}

void
PrintTable(const std::vector<sulcus::SurfaceMesh> & meshes, sulcus::RunContext & context)
{
  sulcus::Table table({"label", "name", "triangles", "area_mm2", "volume_mm3"});
  for (const auto & mesh : meshes)
  {
    const auto measures = sulcus::MeasureSurface(mesh);
    table.AddRow({static_cast<std::int64_t>(mesh.label),
                  mesh.name,
                  static_cast<std::int64_t>(mesh.triangles.size()),
                  measures.areaInMm2,
                  measures.volumeInMm3});
    context.record.Results()["surfaces"].push_back({{"label", mesh.label},
                                                    {"name", mesh.name},
                                                    {"triangles", mesh.triangles.size()},
                                                    {"area_mm2", measures.areaInMm2},
                                                    {"volume_mm3", measures.volumeInMm3}});
  }
  std::fputs(sulcus::ToTsv(table).c_str(), stdout);
}

void
CheckOutput(const Options & options)
{
  const auto name = std::filesystem::path(options.output).filename().string();
  const auto dot = name.rfind('.');
  if (dot != std::string::npos && dot > 0)
  {
    sulcus::MeshFormatOf(options.output); // "brain.vtk" is a mistake rather than a folder
  }
}

void
Run(const Options & options, sulcus::RunContext & context)
{
  CheckOutput(options);
  const auto read = sulcus::ToReadOptions(options.reading);
  if (context.common.dryRun)
  {
    sulcus::ReadHeader(options.labels, read);
    return;
  }
  const sulcus::Stopwatch reading;
  const auto loaded = sulcus::ReadSegmentation(options.labels, read);
  context.record.AddInput(options.labels);
  context.record.AddStage("read", reading.Seconds());
  for (const auto & warning : loaded.warnings)
  {
    sulcus::LogWarning(options.labels + ": " + warning);
  }
  std::vector<std::uint16_t> wanted;
  for (const auto label : options.structures)
  {
    wanted.push_back(static_cast<std::uint16_t>(label));
  }
  const bool single = options.output.ends_with(".stl");
  if (single && sulcus::FindLabels(loaded.image).size() > 1 && wanted.size() != 1)
  {
    throw sulcus::UsageError("an STL file holds one structure: name it with --structures, give a "
                             "folder, or choose .ply, .vtp, .gltf, .glb or .obj");
  }
  const sulcus::Stopwatch extracting;
  sulcus::Progress progress("surfaces", 1.0);
  const auto meshes = sulcus::ExtractSurfaces(
      loaded.image,
      wanted,
      loaded.info.segments,
      options.surface,
      [&](std::size_t done, std::size_t total)
      { progress.Update(static_cast<double>(done) / static_cast<double>(total)); });
  context.record.AddStage("surfaces", extracting.Seconds());
  WriteMeshes(meshes, options, context);
  PrintTable(meshes, context);
}

} // namespace

int
main(int argc, char ** argv)
{
  Options options;
  return sulcus::RunApplicationWith(argc, argv, Program(), options, Run);
}
