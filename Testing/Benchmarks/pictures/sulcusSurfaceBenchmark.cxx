// Time of the surface of a brain-sized label in 256³. Usage: sulcusSurfaceBenchmark [threads]
#include "sulcusFoldedBrain.h"
#include <sulcusLabelSurface.h>
#include <sulcusMeshFiles.h>
#include <sulcusRunRecord.h>
#include <sulcusThreads.h>

#include <cstdio>
#include <ctime>

int
main(int argc, char ** argv)
{
  sulcus::SetThreadCount(argc > 1 ? std::atoi(argv[1]) : 1);
  const auto labels = sulcus::FoldedBrain();
  for (int round = 0; round < 3; ++round)
  {
    const sulcus::Stopwatch watch;
    const auto cpu = std::clock();
    const auto boxes = sulcus::FindLabels(labels);
    const auto mesh = sulcus::ExtractSurface(labels, 1, boxes.at(1));
    const double seconds = watch.Seconds();
    const double cpuSeconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    const sulcus::Stopwatch encoding;
    const auto file = sulcus::EncodeMeshes({&mesh, 1}, sulcus::MeshFormat::Glb);
    const auto voxels = static_cast<double>(boxes.at(1).voxels); // of 1 mm³
    std::printf(
        "surface: %.2f s (cpu %.2f s), %zu triangles, volume %+.4f %%; glb: %.2f s, %zu bytes\n",
        seconds,
        cpuSeconds,
        mesh.triangles.size(),
        100 * (sulcus::MeasureSurface(mesh).volumeInMm3 / voxels - 1),
        encoding.Seconds(),
        file.size());
  }
}
