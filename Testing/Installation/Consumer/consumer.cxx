#include <sulcusPlan.h>
#include <sulcusPreparedCache.h>

#ifdef WITH_IMAGING
#  include <sulcusAtomicWrite.h>
#  include <sulcusImageGrid.h>
#  include <sulcusSafeRead.h>
#endif
#ifdef WITH_LEARNING
#  include <sulcusSegmentationNetwork.h>
#endif

#include <cstdio>

// Calls something of every installed component, so that headers, libraries and their own packages are all needed.
int
main()
{
  const auto topology = sulcus::DeriveTopology({40, 56, 40}, {1, 1, 1}, 4);
  bool works = topology.strides.size() == 5;
#ifdef WITH_IMAGING
  sulcus::ImageGrid grid;
  grid.size = {{3, 4, 5}};
  sulcus::WriteImage("consumer.nii.gz", sulcus::NewImage<sulcus::FloatImage>(grid, 7.0F).GetPointer(), {.overwrite = true});
  works = works && sulcus::ReadImage("consumer.nii.gz").image->GetPixel({{2, 3, 4}}) == 7.0F;
#endif
#ifdef WITH_LEARNING
  sulcus::NetworkPlan plan;
  plan.widths = {16, 16};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  works = works && !sulcus::BuildNetwork(plan, 1)->parameters().empty();
#endif
  std::printf("%zu levels, %s\n", topology.strides.size(), works ? "all works" : "something differs");
  return works ? 0 : 1;
}
