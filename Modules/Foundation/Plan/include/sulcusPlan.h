#pragma once

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** One structure. Class index = position in Plan::labels; class 0 is the background. */
struct LabelDefinition
{
  std::int64_t value = 0; ///< the number in the user's label files; any non-negative value
  std::string name;
};

/** How one channel's intensities are brought to a common scale. Statistics are taken inside the
 * foreground. */
struct NormalisationPlan
{
  std::string kind =
      "z_score"; ///< "z_score", "percentile" (1st to 99th onto 0…1), "nyul" or "none"
  double clipLowPercentile = 0.5; ///< clipped before; 0 and 100 switch clipping off
  double clipHighPercentile = 99.5;
  std::vector<double> landmarks; ///< Nyúl: the standard scale, learned from the training cases
};

/** A residual 3-D U-Net. All triples are in tensor order z, y, x. */
struct NetworkPlan
{
  std::string kind = "residual_unet";
  int inputChannels = 1;
  int classes = 2;
  std::vector<int> widths{16, 32, 64, 128}; ///< channels of each level; multiples of 16
  std::vector<std::array<int, 3>> strides;  ///< of each level; the first is 1, 1, 1
  std::vector<std::array<int, 3>> kernels;  ///< of each level
  int blocksPerLevel = 1;                   ///< residual blocks of two convolutions in the encoder
  int deepSupervision = 0;                  ///< side outputs below the full resolution
  int normGroups = 0; ///< groups of group norm; 0: one a channel (instance norm)
  double dropout = 0.0;
};

/** Rule on the connected components of one class, applied after the decision on the native grid. */
struct ComponentRule
{
  bool keepLargest = false;
  double smallestVolumeInMm3 = 0.0;
};

/** What an image must look like for the model to be trusted (exit status 9 otherwise). */
struct InputContract
{
  std::array<double, 3> smallestSpacingInMm{0.01, 0.01, 0.01}; ///< x, y, z of the canonical grid
  std::array<double, 3> largestSpacingInMm{50, 50, 50};
  std::array<double, 3> smallestExtentInMm{0, 0, 0};
};

/** Everything that preparation, training and segmentation must agree on. Inspectable, editable
 * JSON; stored in the cache and in every model file. */
struct Plan
{
  static constexpr int schemaVersion = 1;

  std::string dataset; ///< a name for people
  std::vector<std::string> channels{"MRI"};
  std::vector<LabelDefinition> labels; ///< background first
  std::string orientation = "LPS";     ///< canonical axes of the prepared grid
  std::array<double, 3> targetSpacingInMm{
      0, 0, 0}; ///< x, y, z; 0 keeps the native spacing of that axis
  bool correctBiasField = false;
  bool cropToForeground = true;
  double cropMarginInMm = 10.0;
  std::vector<NormalisationPlan> normalisation; ///< one a channel
  NetworkPlan network;
  std::array<std::int64_t, 3> patchSize{0, 0, 0}; ///< z, y, x in voxels of the prepared grid
  int batchSize = 2;
  std::array<bool, 3> flipAllowed{
      false, false, false}; ///< z, y, x: true only where mirroring keeps the labels true
  std::vector<ComponentRule> componentRules; ///< one a class; empty: none
  InputContract inputContract;
};

nlohmann::ordered_json
PlanToJson(const Plan & plan);

/** Reads and checks a plan; keys that are not there keep their defaults, except `schema_version`,
 * which must be given. \throws UsageError naming origin and key for an unknown key (with the
 * nearest known one), a wrong type or a contradiction. */
Plan
PlanFromJson(const nlohmann::json & json, const std::string & origin);

/** Refuses contradictions: strides and widths of different length, widths not multiples of 16,
 * patch not divisible by the product of the strides, channel and normalisation counts that differ,
 * fewer than two labels, duplicate label values or names. \throws UsageError */
void
CheckPlan(const Plan & plan, const std::string & origin);

/** \throws InputError if the file cannot be read, UsageError as PlanFromJson and for JSON that is
 * not strict. */
Plan
ReadPlan(const std::filesystem::path & path);

/** Levels, strides and kernels for a patch. Going down, an axis is halved while that leaves it at
 * least four voxels and its spacing is less than twice the finest spacing among the axes that can
 * still be halved; its kernel is 1 until its spacing is less than twice the finest of all, 3 from
 * then on (the rule of Isensee et al., Nature Methods 2021). At most deepestLevel levels below the
 * first; fewer once no axis can be halved. Sizes and spacing z, y, x. The patch is returned rounded
 * up to a multiple of the strides' product. \throws UsageError for sizes or spacing that are not
 * positive. */
struct Topology
{
  std::vector<std::array<int, 3>> strides;
  std::vector<std::array<int, 3>> kernels;
  std::array<std::int64_t, 3> patchSize{};
};
Topology
DeriveTopology(const std::array<std::int64_t, 3> & patchSize,
               const std::array<double, 3> & spacingInMm,
               int deepestLevel);

} // namespace sulcus
