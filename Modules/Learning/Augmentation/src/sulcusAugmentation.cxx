#include "sulcusAugmentation.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <torch/types.h>

namespace sulcus
{
namespace
{

using Size = std::array<std::int64_t, 3>;

Size
SizeOf(const torch::Tensor & image)
{
  if (image.dim() != 4 || image.scalar_type() != torch::kFloat || image.numel() == 0)
  {
    throw UsageError(Message("augmentation: expected a float tensor [channels, z, y, x], got ",
                             image.toString(),
                             " ",
                             image.sizes()));
  }
  return {image.size(1), image.size(2), image.size(3)};
}

std::span<const float>
ValuesOf(const torch::Tensor & tensor)
{
  return {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

AugmentationOptions
Nothing()
{
  return {SpatialRange::Nothing(), IntensityRange::Nothing(), true};
}

AugmentationOptions
Weak()
{
  auto options = Nothing();
  options.spatial.rotationProbability = options.spatial.scaleProbability = 0.5;
  options.spatial.rotationInDegrees = 10.0;
  options.spatial.smallestScale = 0.9;
  options.spatial.largestScale = 1.1;
  options.spatial.anisotropicScale = 0.1;
  options.spatial.flipProbability = 0.5;
  return options;
}

AugmentationOptions
StrongIntensity()
{
  auto options = Nothing();
  options.intensity = IntensityRange{};
  options.intensity.lowResolutionProbability = options.intensity.blurProbability = 0.3;
  options.intensity.biasFieldProbability = options.intensity.gammaProbability = 0.5;
  options.intensity.contrastProbability = options.intensity.brightnessProbability = 0.8;
  options.intensity.smallestContrast = 0.6;
  options.intensity.largestContrast = 1.6;
  options.intensity.brightness = 0.4;
  options.intensity.noiseProbability = 0.5;
  options.intensity.cutOutProbability = 0.5;
  options.intensity.largestCutOut = 0.3;
  options.intensity.cutOutBoxes = 2;
  return options;
}

AugmentationOptions
Contrastive()
{
  auto options = Nothing();
  auto & spatial = options.spatial;
  spatial.rotationProbability = spatial.scaleProbability = 1.0;
  spatial.rotationInDegrees = 10.0;
  spatial.smallestScale = 0.8;
  spatial.largestScale = 1.25;
  spatial.anisotropicScale = 0.0;
  auto & intensity = options.intensity;
  intensity.smallestGamma = 0.7;
  intensity.largestGamma = 1.5;
  intensity.gammaProbability = intensity.contrastProbability = intensity.brightnessProbability =
      0.8;
  intensity.biasFieldProbability = intensity.noiseProbability = intensity.blurProbability = 0.5;
  intensity.largestNoise = 0.05;
  intensity.smallestContrast = 0.7;
  intensity.largestContrast = 1.3;
  intensity.brightness = 0.3;
  return options;
}

AugmentationOptions
ContrastivePublished()
{
  auto options = Nothing();
  auto & intensity = options.intensity;
  intensity.contrastProbability = intensity.brightnessProbability = 1.0;
  intensity.smallestContrast = 0.7;
  intensity.largestContrast = 1.3;
  intensity.brightness = 0.3;
  intensity.clip = true;
  return options;
}

/** Stage 1 of Chaitanya et al. (2020): a window of 100 of 192 pixels, enlarged to the whole,
 * anywhere within 30 pixels of the centre. Positions are in mm here, for a field of 100 mm. */
AugmentationOptions
ContrastivePublishedCrop()
{
  auto options = ContrastivePublished();
  auto & spatial = options.spatial;
  spatial.scaleProbability = 1.0;
  spatial.smallestScale = spatial.largestScale = 1.92;
  spatial.anisotropicScale = 0.0;
  spatial.translationInMm = 15.0;
  return options;
}

} // namespace

void
Describe(Parameters & visit, AugmentationOptions & o)
{
  Describe(visit, o.spatial);
  Describe(visit, o.intensity);
  visit("vote_labels", o.voteLabels, "Labels by trilinear vote instead of the nearest voxel.");
}

AugmentationOptions
NamedAugmentation(const std::string & name)
{
  if (name == "none")
  {
    return Nothing();
  }
  if (name == "full")
  {
    return {};
  }
  if (name == "weak")
  {
    return Weak();
  }
  if (name == "strong-intensity")
  {
    return StrongIntensity();
  }
  if (name == "contrastive")
  {
    return Contrastive();
  }
  if (name == "contrastive-published")
  {
    return ContrastivePublished();
  }
  if (name == "contrastive-published-crop")
  {
    return ContrastivePublishedCrop();
  }
  throw UsageError(
      Message("unknown augmentation '", name, "'; ", SuggestName(name, AugmentationNames())));
}

std::vector<std::string>
AugmentationNames()
{
  return {"none",
          "full",
          "weak",
          "strong-intensity",
          "contrastive",
          "contrastive-published",
          "contrastive-published-crop"};
}

DrawnAugmentation
DrawAugmentation(const AugmentationOptions & options,
                 int channels,
                 const Size & patchSize,
                 const std::array<double, 3> & spacingInMm,
                 RandomEngine & random)
{
  DrawnAugmentation drawn;
  drawn.spatial = DrawSpatial(options.spatial, patchSize, spacingInMm, random);
  drawn.intensity = DrawIntensity(options.intensity, channels, patchSize, spacingInMm, random);
  return drawn;
}

torch::Tensor
ApplySpatial(const torch::Tensor & image,
             const DrawnSpatial & drawn,
             const std::array<double, 3> & spacingInMm,
             const BorderRule & border)
{
  const auto size = SizeOf(image);
  const std::array<double, 3> centre{0.5 * static_cast<double>(size[0] - 1),
                                     0.5 * static_cast<double>(size[1] - 1),
                                     0.5 * static_cast<double>(size[2] - 1)};
  const auto input = image.contiguous();
  auto output = torch::empty_like(input);
  VolumeView source;
  source.size = size;
  source.channels = static_cast<int>(input.size(0));
  source.image = ValuesOf(input);
  PatchTarget target;
  target.size = size;
  target.image = {output.data_ptr<float>(), static_cast<std::size_t>(output.numel())};
  SamplePatch(source,
              MakeResampleMap(drawn, size, spacingInMm, centre),
              LabelRule::Nearest,
              border,
              target);
  return output;
}

torch::Tensor
ApplyIntensity(const torch::Tensor & image,
               const DrawnIntensity & drawn,
               const std::array<double, 3> & spacingInMm)
{
  const auto size = SizeOf(image);
  auto output = image.contiguous().clone();
  ApplyIntensity(
      std::span<float>{output.data_ptr<float>(), static_cast<std::size_t>(output.numel())},
      static_cast<int>(output.size(0)),
      size,
      spacingInMm,
      drawn);
  return output;
}

} // namespace sulcus
