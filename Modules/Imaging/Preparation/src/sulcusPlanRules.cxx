#include "sulcusPlanRules.h"

#include <sulcusError.h>
#include <sulcusNyul.h>
#include <sulcusSpacing.h>
#include <sulcusStatistics.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

using Size = std::array<std::int64_t, 3>;
using Spacing = std::array<double, 3>;

constexpr double thickSliceRatio = 3.0;

std::int64_t
Product(const Size & size)
{
  return size[0] * size[1] * size[2];
}

double
QuantileOf(const std::vector<Size> & sizes, std::size_t axis, double level)
{
  std::vector<double> values;
  for (const auto & size : sizes)
  {
    values.push_back(static_cast<double>(size[axis]));
  }
  return Quantile(values, level);
}

Size
StrideProduct(const Topology & topology)
{
  Size product{1, 1, 1};
  for (const auto & stride : topology.strides)
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      product[axis] *= stride[axis];
    }
  }
  return product;
}

/** Halvings that leave the longest side of the patch about ten voxels or fewer. */
int
DeriveLevels(const Size & patch)
{
  const auto longest = static_cast<double>(*std::max_element(patch.begin(), patch.end()));
  return std::clamp(static_cast<int>(std::ceil(std::log2(longest / 10.0))), 1, 5) + 1;
}

/** Rounded up until the strides of the rounded patch divide it. */
Size
RoundedUp(Size patch, const Spacing & spacingInMm, int deepest)
{
  for (;;)
  {
    const Size next = DeriveTopology(patch, spacingInMm, deepest).patchSize;
    if (next == patch)
    {
      return patch;
    }
    patch = next;
  }
}

Size
ShrunkToBudget(Size patch, const Spacing & spacingInMm, std::int64_t patchVoxels, int levels)
{
  for (;;)
  {
    const int deepest = (levels > 0 ? levels : DeriveLevels(patch)) - 1;
    const auto product = StrideProduct(DeriveTopology(patch, spacingInMm, deepest));
    Size rounded = patch;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      rounded[axis] = std::max(product[axis], patch[axis] / product[axis] * product[axis]);
    }
    const int deepestRounded = (levels > 0 ? levels : DeriveLevels(rounded)) - 1;
    if (DeriveTopology(rounded, spacingInMm, deepestRounded).patchSize != rounded)
    {
      patch = rounded; // the smaller patch has other strides
      continue;
    }
    if (Product(rounded) <= patchVoxels)
    {
      return rounded;
    }
    // The longest side that still can, by one step of its stride.
    std::size_t longest = 3;
    double length = 0.0;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const double inMm = static_cast<double>(rounded[axis]) * spacingInMm[axis];
      if (rounded[axis] > std::max<std::int64_t>(4, product[axis]) && inMm > length)
      {
        longest = axis;
        length = inMm;
      }
    }
    if (longest == 3)
    {
      throw UsageError(Message("patch_voxels=", patchVoxels, " is too small for any patch"));
    }
    patch = rounded;
    patch[longest] -= product[longest];
  }
}

/** Sizes after resampling, z, y, x, at least one voxel. */
std::vector<Size>
SizesAt(const Spacing & target,
        const std::vector<CaseFingerprint> & fingerprint,
        bool cropped,
        double marginInMm)
{
  std::vector<Size> sizes;
  for (const auto & print : fingerprint)
  {
    Size size{};
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const double spacing = print.spacingInMm[axis];
      double extent = static_cast<double>(print.size[axis]) * spacing;
      if (cropped)
      {
        extent = std::min(
            extent, static_cast<double>(print.foregroundSize[axis]) * spacing + 2.0 * marginInMm);
      }
      const double step = target[axis] == 0.0 ? spacing : target[axis];
      size[2 - axis] = std::max<std::int64_t>(1, std::llround(extent / step));
    }
    sizes.push_back(size);
  }
  return sizes;
}

double
MedianForegroundShare(const std::vector<CaseFingerprint> & fingerprint)
{
  std::vector<double> shares;
  for (const auto & print : fingerprint)
  {
    shares.push_back(static_cast<double>(Product(print.foregroundSize)) /
                     static_cast<double>(Product(print.size)));
  }
  return Median(shares);
}

double
Rounded(double value, double digits)
{
  return std::round(value * digits) / digits;
}

InputContract
DeriveContract(const std::vector<CaseFingerprint> & fingerprint)
{
  InputContract contract;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    double smallest = 1e9;
    double largest = 0.0;
    double extent = 1e9;
    for (const auto & print : fingerprint)
    {
      smallest = std::min(smallest, print.spacingInMm[axis]);
      largest = std::max(largest, print.spacingInMm[axis]);
      extent = std::min(extent, static_cast<double>(print.size[axis]) * print.spacingInMm[axis]);
    }
    contract.smallestSpacingInMm[axis] = std::max(0.01, Rounded(0.5 * smallest, 1000.0));
    contract.largestSpacingInMm[axis] = std::min(50.0, Rounded(2.0 * largest, 1000.0));
    contract.smallestExtentInMm[axis] = Rounded(0.5 * extent, 10.0);
  }
  return contract;
}

std::vector<NormalisationPlan>
DeriveNormalisation(const std::string & kind,
                    const std::vector<CaseFingerprint> & fingerprint,
                    std::size_t channels)
{
  std::vector<NormalisationPlan> plans(channels);
  for (std::size_t channel = 0; channel < channels; ++channel)
  {
    plans[channel].kind = kind;
    if (kind == "nyul")
    {
      std::vector<std::vector<double>> landmarks;
      for (const auto & print : fingerprint)
      {
        landmarks.push_back(print.channels[channel].landmarks);
      }
      plans[channel].landmarks = LearnNyulScale(landmarks);
    }
  }
  return plans;
}

std::array<bool, 3>
FlipsFrom(const std::vector<std::string> & axes)
{
  std::array<bool, 3> flips{false, false, false};
  for (const auto & axis : axes)
  {
    const auto at = std::string("zyx").find(axis);
    if (axis.size() != 1 || at == std::string::npos)
    {
      throw UsageError(Message("flips: '", axis, "' is not an axis; need x, y or z"));
    }
    flips[at] = true;
  }
  return flips;
}

/** Strides, kernels and widths for a patch; the patch is rounded up to fit. */
void
ShapeNetwork(const PlanOptions & options, const Spacing & spacingZyx, int levels, Plan & plan)
{
  const auto topology = DeriveTopology(plan.patchSize, spacingZyx, levels - 1);
  plan.patchSize = topology.patchSize;
  plan.network.strides = topology.strides;
  plan.network.kernels = topology.kernels;
  plan.network.widths.clear();
  for (std::size_t level = 0; level < topology.strides.size(); ++level)
  {
    plan.network.widths.push_back(
        std::min(std::max(256, options.firstWidth), options.firstWidth << level));
  }
}

} // namespace

void
Describe(Parameters & visit, PlanOptions & o)
{
  visit.Group("Plan");
  visit(
      "target_spacing",
      o.targetSpacingInMm,
      "Spacing of the prepared grid in mm, x,y,z; 0 keeps an axis as it is. Derived if not given.")
      .Range(0.0, 50.0);
  visit("patch_size", o.patchSize, "Training patch in voxels, z,y,x. Derived if not given.")
      .Range(1, 4096);
  visit("patch_voxels", o.patchVoxels, "Most voxels of a derived patch.").Range(64, 1e9);
  visit("levels", o.levels, "Resolution levels of the network; 0 derives them from the patch.")
      .Range(0, 8);
  visit("first_width", o.firstWidth, "Channels of the first level, a multiple of 16.")
      .Range(16, 512)
      .Advanced();
  visit("crop", o.crop, "Crop to the tissue: auto does it where it saves much.")
      .Choices({"auto", "on", "off"});
  visit("crop_margin", o.cropMarginInMm, "Margin around the tissue in mm.")
      .Range(0.0, 500.0)
      .Advanced();
  visit("normalisation", o.normalisation, "How intensities are brought to a common scale.")
      .Choices({"z_score", "percentile", "nyul", "none"});
  visit("bias_field", o.correctBiasField, "Correct the bias field (slow).");
  visit("flips", o.flips, "Axes (x, y, z) along which mirroring keeps all labels true.");
  visit("batch_size", o.batchSize, "Patches of a training step.").Range(1, 1024);
}

Spacing
DeriveTargetSpacing(const std::vector<CaseFingerprint> & fingerprint)
{
  Spacing target{};
  std::array<std::vector<double>, 3> values;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    for (const auto & print : fingerprint)
    {
      values[axis].push_back(print.spacingInMm[axis]);
    }
    target[axis] = Median(values[axis]);
  }
  const auto coarsest =
      static_cast<std::size_t>(std::max_element(target.begin(), target.end()) - target.begin());
  const double finest = *std::min_element(target.begin(), target.end());
  if (target[coarsest] >= thickSliceRatio * finest)
  {
    double next = 0.0;
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      next = axis == coarsest ? next : std::max(next, target[axis]);
    }
    target[coarsest] = std::max(next, Quantile(values[coarsest], 0.1));
  }
  for (auto & value : target)
  {
    value = Rounded(value, 10000.0);
  }
  return target;
}

PatchChoice
DerivePatch(const std::vector<Size> & sizes,
            const Spacing & spacingInMm,
            std::int64_t patchVoxels,
            int levels)
{
  Size median{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    median[axis] = std::max<std::int64_t>(1, std::llround(QuantileOf(sizes, axis, 0.5)));
  }
  PatchChoice choice;
  const int wanted = levels > 0 ? levels : DeriveLevels(median);
  choice.patchSize = RoundedUp(median, spacingInMm, wanted - 1);
  choice.levels = wanted;
  choice.wholeScan = Product(choice.patchSize) <= patchVoxels;
  if (!choice.wholeScan)
  {
    const double finest = *std::min_element(spacingInMm.begin(), spacingInMm.end());
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      if (spacingInMm[axis] >= thickSliceRatio * finest)
      {
        median[axis] =
            std::max<std::int64_t>(1, static_cast<std::int64_t>(QuantileOf(sizes, axis, 0.25)));
      }
    }
    choice.patchSize = ShrunkToBudget(median, spacingInMm, patchVoxels, levels);
    choice.levels = levels > 0 ? levels : DeriveLevels(choice.patchSize);
  }
  return choice;
}

Plan
DerivePlan(const Dataset & dataset,
           const std::vector<CaseFingerprint> & all,
           const PlanOptions & options)
{
  std::vector<CaseFingerprint> fingerprint;
  std::copy_if(all.begin(),
               all.end(),
               std::back_inserter(fingerprint),
               [](const auto & print) { return print.split == "train"; });
  if (fingerprint.empty())
  {
    throw UsageError(Message(dataset.origin, ": no training case to derive a plan from"));
  }
  Plan plan;
  plan.dataset = dataset.name;
  plan.channels = dataset.channels;
  plan.labels = dataset.labels;
  plan.network.inputChannels = static_cast<int>(dataset.channels.size());
  plan.network.classes = static_cast<int>(dataset.labels.size());
  plan.correctBiasField = options.correctBiasField;
  plan.cropMarginInMm = options.cropMarginInMm;
  plan.batchSize = options.batchSize;
  plan.flipAllowed = FlipsFrom(options.flips);
  plan.inputContract = DeriveContract(fingerprint);
  plan.normalisation =
      DeriveNormalisation(options.normalisation, fingerprint, dataset.channels.size());

  const Spacing derived = DeriveTargetSpacing(fingerprint);
  plan.targetSpacingInMm = derived;
  if (!options.targetSpacingInMm.empty())
  {
    if (options.targetSpacingInMm.size() != 3)
    {
      throw UsageError(Message("target_spacing: needs three numbers (x, y, z), not ",
                               options.targetSpacingInMm.size()));
    }
    std::copy_n(options.targetSpacingInMm.begin(), 3, plan.targetSpacingInMm.begin());
  }
  Spacing spacingZyx{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const double target = plan.targetSpacingInMm[axis];
    spacingZyx[2 - axis] = target == 0.0 ? derived[axis] : target;
  }
  const auto whole = SizesAt(plan.targetSpacingInMm, fingerprint, false, 0.0);
  PatchChoice patch = DerivePatch(whole, spacingZyx, options.patchVoxels, options.levels);
  plan.cropToForeground = options.crop == "on" || (options.crop == "auto" && !patch.wholeScan &&
                                                   MedianForegroundShare(fingerprint) < 0.75);
  if (plan.cropToForeground)
  {
    const auto cropped = SizesAt(plan.targetSpacingInMm, fingerprint, true, plan.cropMarginInMm);
    patch = DerivePatch(cropped, spacingZyx, options.patchVoxels, options.levels);
  }
  if (!options.patchSize.empty())
  {
    if (options.patchSize.size() != 3)
    {
      throw UsageError(
          Message("patch_size: needs three numbers (z, y, x), not ", options.patchSize.size()));
    }
    std::copy_n(options.patchSize.begin(), 3, patch.patchSize.begin());
    patch.levels = options.levels > 0 ? options.levels : DeriveLevels(patch.patchSize);
  }
  plan.patchSize = patch.patchSize;
  ShapeNetwork(options, spacingZyx, patch.levels, plan);
  CheckPlan(plan, "derived plan");
  return plan;
}

} // namespace sulcus
