#pragma once

#include "sulcusCaseVolumes.h"
#include "sulcusDataset.h"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <string>
#include <vector>

namespace sulcus
{

/** What one channel of a scan looks like inside its tissue. */
struct ChannelFingerprint
{
  double minimum = 0.0;
  double maximum = 0.0;
  double mean = 0.0;
  double standardDeviation = 0.0;
  double median = 0.0;
  std::vector<double> landmarks; ///< values at NyulPercentiles()
};

/** What planning needs to know about one scan. Triples x, y, z of the canonical orientation. */
struct CaseFingerprint
{
  std::string id;
  std::string split;
  bool labelled = false;
  std::array<std::int64_t, 3> size{};
  std::array<double, 3> spacingInMm{};
  std::array<std::int64_t, 3> foregroundSize{}; ///< box of the tissue in any channel
  std::vector<ChannelFingerprint> channels;
  std::vector<std::int64_t> labelVoxels;
};

CaseFingerprint
MeasureCase(const CaseSource & source,
            const CaseVolumes & volumes,
            const std::string & orientation);

nlohmann::ordered_json
FingerprintToJson(const std::vector<CaseFingerprint> & fingerprint, const Dataset & dataset);

} // namespace sulcus
