#pragma once

#include <itkImage.h>
#include <itkVectorImage.h>

#include <cstdint>

namespace sulcus
{

/** The images that travel between modules. Filters stay templated; these are the meeting points. */
inline constexpr unsigned int ImageDimension = 3;

using FloatImage = itk::Image<float, ImageDimension>;
using LabelImage = itk::Image<std::uint16_t, ImageDimension>;
using MaskImage = itk::Image<std::uint8_t, ImageDimension>;
/** Several values a voxel (channels, time points, probabilities), the component running fastest. */
using VectorImage = itk::VectorImage<float, ImageDimension>;

} // namespace sulcus
