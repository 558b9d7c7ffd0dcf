#pragma once

#include <sulcusPng.h>

#include <itkImage.h>
#include <itkImageFileReader.h>
#include <itkPNGImageIO.h>
#include <itkRGBPixel.h>

#include <string>

namespace sulcus
{

/** A PNG file as ITK (libpng) reads it, palettes expanded: the reference for our own encoder. */
inline RgbPicture
ReadPng(const std::string & path)
{
  using Image = itk::Image<itk::RGBPixel<unsigned char>, 2>;
  const auto reader = itk::ImageFileReader<Image>::New();
  reader->SetFileName(path);
  reader->SetImageIO(itk::PNGImageIO::New());
  reader->Update();
  const auto size = reader->GetOutput()->GetLargestPossibleRegion().GetSize();
  RgbPicture picture{size[0], size[1], {}};
  for (std::size_t p = 0; p < size[0] * size[1]; ++p)
  {
    const auto & pixel = reader->GetOutput()->GetBufferPointer()[p];
    picture.pixels.insert(picture.pixels.end(), {pixel[0], pixel[1], pixel[2]});
  }
  return picture;
}

} // namespace sulcus
