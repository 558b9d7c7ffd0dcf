#pragma once

#include "sulcusAnnotationFusionImageFilter.h"

namespace sulcus
{

/** Shape-based averaging (Rohlfing and Maurer 2007): for every label the mean over annotators of
 * the signed distance in mm to its border; a voxel gets the label it lies deepest in (ties to the
 * lowest label).
 *
 * An annotator counts at a voxel only where the voxel was observed, and distances are to observed
 * voxels: the distance to the nearest voxel drawn with the label minus that to the nearest one
 * drawn without it. A label an annotator never drew is as far as the diagonal of the image. */
template <typename TLabelImage>
class ShapeAveragingImageFilter : public AnnotationFusionImageFilter<TLabelImage, TLabelImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ShapeAveragingImageFilter);

  using Self = ShapeAveragingImageFilter;
  using Superclass = AnnotationFusionImageFilter<TLabelImage, TLabelImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;
  itkNewMacro(Self);
  itkTypeMacro(ShapeAveragingImageFilter, AnnotationFusionImageFilter);

protected:
  ShapeAveragingImageFilter() = default;

  void
  Fuse(const MapVotes & votes) override;

private:
  /** Distance in mm to the nearest voxel of the mask, `farthest` where there is none. */
  std::vector<float>
  DistanceTo(const std::vector<std::uint8_t> & mask, float farthest) const;
};

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusShapeAveragingImageFilter.hxx"
#endif
