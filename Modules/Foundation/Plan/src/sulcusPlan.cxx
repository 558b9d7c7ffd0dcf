#include "sulcusPlan.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace sulcus
{
namespace
{

/** Throws "<origin>.<key>: <why>" unless the condition holds. */
class Requirement
{
public:
  explicit Requirement(const std::string & origin) : m_Origin(origin)
  {
  }

  template <typename... TParts>
  void
  operator()(bool holds, const char * key, const TParts &... why) const
  {
    if (!holds)
    {
      throw UsageError(Message(m_Origin, ".", key, ": ", why...));
    }
  }

private:
  const std::string & m_Origin;
};

bool
IsOneOf(const std::string & text, const std::vector<std::string> & known)
{
  return std::find(known.begin(), known.end(), text) != known.end();
}

/** Each of the three letters names another axis: one of L R, one of P A, one of S I. */
bool
IsOrientation(const std::string & code)
{
  std::set<int> axes;
  for (const char letter : code)
  {
    const auto at = std::string("LRPASI").find(letter);
    if (at == std::string::npos)
    {
      return false;
    }
    axes.insert(static_cast<int>(at) / 2);
  }
  return code.size() == 3 && axes.size() == 3;
}

void
CheckLabels(const Plan & plan, const Requirement & require)
{
  require(plan.labels.size() >= 2,
          "labels",
          plan.labels.size(),
          " labels, need the background and at least one structure");
  require(plan.labels.size() <= 256, "labels", plan.labels.size(), " labels, at most 256");
  std::set<std::int64_t> values;
  std::set<std::string> names;
  for (const auto & label : plan.labels)
  {
    require(
        label.value >= 0, "labels", "value ", label.value, " of '", label.name, "' is negative");
    require(values.insert(label.value).second, "labels", "value ", label.value, " appears twice");
    require(!label.name.empty(), "labels", "value ", label.value, " has no name");
    require(names.insert(label.name).second, "labels", "name '", label.name, "' appears twice");
  }
}

void
CheckNormalisation(const Plan & plan, const Requirement & require)
{
  const std::vector<std::string> kinds{"z_score", "percentile", "nyul", "none"};
  require(!plan.channels.empty(), "channels", "at least one is needed");
  require(plan.normalisation.size() == plan.channels.size(),
          "normalisation",
          plan.normalisation.size(),
          " entries for ",
          plan.channels.size(),
          " channels");
  for (const auto & channel : plan.normalisation)
  {
    require(IsOneOf(channel.kind, kinds),
            "normalisation",
            "unknown kind '",
            channel.kind,
            "'; ",
            SuggestName(channel.kind, kinds));
    require(channel.clipLowPercentile >= 0 &&
                channel.clipLowPercentile < channel.clipHighPercentile &&
                channel.clipHighPercentile <= 100,
            "normalisation",
            "clip percentiles ",
            channel.clipLowPercentile,
            " and ",
            channel.clipHighPercentile,
            ", need 0 <= low < high <= 100");
    require(channel.kind != "nyul" || channel.landmarks.size() >= 2,
            "normalisation",
            "nyul needs its landmarks");
    require(std::is_sorted(channel.landmarks.begin(), channel.landmarks.end()),
            "normalisation",
            "landmarks must not descend");
  }
}

void
CheckNetwork(const Plan & plan, const Requirement & require)
{
  const auto & network = plan.network;
  const auto levels = network.widths.size();
  require(network.kind == "residual_unet", "network.kind", "unknown network '", network.kind, "'");
  require(levels >= 1 && levels <= 8, "network.widths", levels, " levels, need 1 to 8");
  require(network.strides.size() == levels,
          "network.strides",
          network.strides.size(),
          " levels, network.widths has ",
          levels);
  require(network.kernels.size() == levels,
          "network.kernels",
          network.kernels.size(),
          " levels, network.widths has ",
          levels);
  for (const int width : network.widths)
  {
    require(width > 0 && width % 16 == 0, "network.widths", width, " is not a multiple of 16");
    require(network.normGroups == 0 || (network.normGroups > 0 && width % network.normGroups == 0),
            "network.norm_groups",
            network.normGroups,
            " groups do not divide width ",
            width);
  }
  require(network.strides.front() == std::array<int, 3>{1, 1, 1},
          "network.strides",
          "the first must be 1, 1, 1");
  for (std::size_t level = 0; level < levels; ++level)
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const int stride = network.strides[level][axis];
      const int kernel = network.kernels[level][axis];
      require(stride == 1 || stride == 2, "network.strides", stride, ", need 1 or 2");
      require(kernel == 1 || kernel == 3 || kernel == 5 || kernel == 7,
              "network.kernels",
              kernel,
              ", need 1, 3, 5 or 7");
    }
  }
  require(network.inputChannels == static_cast<int>(plan.channels.size()),
          "network.input_channels",
          network.inputChannels,
          " for ",
          plan.channels.size(),
          " channels");
  require(network.classes == static_cast<int>(plan.labels.size()),
          "network.classes",
          network.classes,
          " for ",
          plan.labels.size(),
          " labels");
  require(network.blocksPerLevel >= 1,
          "network.blocks_per_level",
          network.blocksPerLevel,
          ", need 1 or more");
  require(network.deepSupervision >= 0 && network.deepSupervision < static_cast<int>(levels),
          "network.deep_supervision",
          network.deepSupervision,
          " side outputs in a network of ",
          levels,
          " levels");
  require(network.dropout >= 0 && network.dropout < 1,
          "network.dropout",
          network.dropout,
          ", need 0 to below 1");
}

void
CheckPatch(const Plan & plan, const Requirement & require)
{
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    std::int64_t product = 1;
    for (const auto & stride : plan.network.strides)
    {
      product *= stride[axis];
    }
    const auto size = plan.patchSize[axis];
    require(size > 0 && size <= 4096, "patch_size", size, ", need 1 to 4096");
    require(size % product == 0,
            "patch_size",
            size,
            " along axis ",
            "zyx"[axis],
            " is not divisible by the product of the strides, ",
            product);
  }
  require(plan.batchSize >= 1, "batch_size", plan.batchSize, ", need 1 or more");
}

void
CheckGeometry(const Plan & plan, const Requirement & require)
{
  require(IsOrientation(plan.orientation),
          "orientation",
          "'",
          plan.orientation,
          "', need three letters such as LPS");
  const auto & contract = plan.inputContract;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const double spacing = plan.targetSpacingInMm[axis];
    require(std::isfinite(spacing) && (spacing == 0 || (spacing >= 0.01 && spacing <= 50)),
            "target_spacing_mm",
            spacing,
            ", need 0 (native) or 0.01 to 50");
    require(contract.smallestSpacingInMm[axis] > 0 &&
                contract.smallestSpacingInMm[axis] <= contract.largestSpacingInMm[axis],
            "input_contract",
            "spacing from ",
            contract.smallestSpacingInMm[axis],
            " to ",
            contract.largestSpacingInMm[axis],
            " mm is empty");
    require(
        contract.smallestExtentInMm[axis] >= 0, "input_contract.smallest_extent_mm", "is negative");
  }
  require(std::isfinite(plan.cropMarginInMm) && plan.cropMarginInMm >= 0,
          "crop_margin_mm",
          plan.cropMarginInMm,
          ", need 0 or more");
  require(plan.componentRules.empty() || plan.componentRules.size() == plan.labels.size(),
          "component_rules",
          plan.componentRules.size(),
          " rules for ",
          plan.labels.size(),
          " labels");
  for (const auto & rule : plan.componentRules)
  {
    require(rule.smallestVolumeInMm3 >= 0, "component_rules", "a smallest volume is negative");
  }
}

} // namespace

void
CheckPlan(const Plan & plan, const std::string & origin)
{
  const Requirement require(origin);
  CheckLabels(plan, require);
  CheckNormalisation(plan, require);
  CheckNetwork(plan, require);
  CheckPatch(plan, require);
  CheckGeometry(plan, require);
}

Topology
DeriveTopology(const std::array<std::int64_t, 3> & patchSize,
               const std::array<double, 3> & spacingInMm,
               int deepestLevel)
{
  constexpr std::int64_t smallestExtent = 4;
  std::array<std::int64_t, 3> size = patchSize;
  std::array<double, 3> spacing = spacingInMm;
  std::array<std::int64_t, 3> product{1, 1, 1};
  std::array<int, 3> kernel{1, 1, 1};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    if (size[axis] < 1 || !(spacing[axis] > 0) || !std::isfinite(spacing[axis]))
    {
      throw UsageError(Message("topology: patch ",
                               size[axis],
                               " voxels of ",
                               spacing[axis],
                               " mm, need positive values"));
    }
  }
  const auto widenKernel = [&]
  {
    const double finest = *std::min_element(spacing.begin(), spacing.end());
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      kernel[axis] = kernel[axis] == 3 || spacing[axis] < 2 * finest ? 3 : 1;
    }
  };

  Topology topology;
  widenKernel();
  topology.strides.push_back({1, 1, 1});
  topology.kernels.push_back(kernel);
  for (int level = 1; level <= deepestLevel; ++level)
  {
    double finest = std::numeric_limits<double>::infinity();
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      if ((size[axis] + 1) / 2 >= smallestExtent)
      {
        finest = std::min(finest, spacing[axis]);
      }
    }
    std::array<int, 3> stride{1, 1, 1};
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const auto halved = (size[axis] + 1) / 2;
      if (halved >= smallestExtent && spacing[axis] < 2 * finest)
      {
        stride[axis] = 2;
        size[axis] = halved;
        spacing[axis] *= 2;
        product[axis] *= 2;
      }
    }
    if (stride == std::array<int, 3>{1, 1, 1})
    {
      break;
    }
    widenKernel();
    topology.strides.push_back(stride);
    topology.kernels.push_back(kernel);
  }
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    topology.patchSize[axis] =
        (patchSize[axis] + product[axis] - 1) / product[axis] * product[axis];
  }
  return topology;
}

} // namespace sulcus
