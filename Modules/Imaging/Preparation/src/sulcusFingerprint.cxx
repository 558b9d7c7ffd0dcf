#include "sulcusFingerprint.h"

#include <sulcusAxisOrder.h>
#include <sulcusForeground.h>
#include <sulcusIntensityStatistics.h>
#include <sulcusNyul.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{

CaseFingerprint
MeasureCase(const CaseSource & source, const CaseVolumes & volumes, const std::string & orientation)
{
  CaseFingerprint print;
  print.id = source.id;
  print.split = source.split;
  print.labelled = volumes.IsLabelled();
  print.labelVoxels = volumes.labelVoxels;

  IndexBox box;
  for (std::size_t channel = 0; channel < volumes.channels.size(); ++channel)
  {
    const auto * image = volumes.channels[channel].GetPointer();
    const auto mask = ForegroundMask(image);
    const auto found = MaskBox(mask.GetPointer(), ForegroundPlaneShare);
    box = channel == 0 ? found : Joined(box, found);
    std::vector<double> wanted = NyulPercentiles();
    wanted.push_back(50.0);
    const auto statistics = MeasureIntensities(image, mask, wanted);
    ChannelFingerprint one;
    one.minimum = statistics.minimum;
    one.maximum = statistics.maximum;
    one.mean = statistics.mean;
    one.standardDeviation = statistics.standardDeviation;
    one.median = statistics.percentiles.back();
    one.landmarks.assign(statistics.percentiles.begin(), statistics.percentiles.end() - 1);
    print.channels.push_back(std::move(one));
  }
  const auto order = AxisOrderBetween(OrientationCode(volumes.grid), orientation);
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const auto from = order.source[axis];
    print.size[axis] = static_cast<std::int64_t>(volumes.grid.size[from]);
    print.spacingInMm[axis] = volumes.grid.spacing[from];
    print.foregroundSize[axis] = static_cast<std::int64_t>(box.size[from]);
  }
  return print;
}

nlohmann::ordered_json
FingerprintToJson(const std::vector<CaseFingerprint> & fingerprint, const Dataset & dataset)
{
  nlohmann::ordered_json json;
  json["dataset"] = dataset.name;
  json["axes"] = "x, y, z of the canonical orientation";
  json["channels"] = dataset.channels;
  auto cases = nlohmann::ordered_json::array();
  for (const auto & print : fingerprint)
  {
    nlohmann::ordered_json entry;
    entry["case"] = print.id;
    entry["split"] = print.split;
    entry["labelled"] = print.labelled;
    entry["size"] = print.size;
    entry["spacing_mm"] = print.spacingInMm;
    entry["foreground_size"] = print.foregroundSize;
    for (const auto & channel : print.channels)
    {
      entry["intensities"].push_back({{"minimum", channel.minimum},
                                      {"maximum", channel.maximum},
                                      {"mean", channel.mean},
                                      {"standard_deviation", channel.standardDeviation},
                                      {"median", channel.median}});
    }
    entry["label_voxels"] = print.labelVoxels;
    cases.push_back(std::move(entry));
  }
  json["cases"] = std::move(cases);
  return json;
}

} // namespace sulcus
