#include <sulcusPlan.h>
#include <sulcusPreparedCache.h>

#ifdef WITH_IMAGING
#  include <sulcusImageGrid.h>
#endif
#ifdef WITH_LEARNING
#  include <sulcusSegmentationNetwork.h>
#endif

#include <cstdio>

int
main()
{
  const auto topology = sulcus::DeriveTopology({ 40, 56, 40 }, { 1, 1, 1 }, 4);
  std::printf("%zu levels\n", topology.strides.size());
  return topology.strides.empty() ? 1 : 0;
}
