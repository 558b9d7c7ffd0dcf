#pragma once

#include "sulcusSafeRead.h"

#include <itkImageSource.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Start of an ITK pipeline with the checks of `SafeRead`: FileName in, image out.
 *
 * The file is read once, when output information is first asked for; changing the name or the
 * options reads again. `TTraits::Read(path, options)` does the work. Errors are sulcus::Error, as
 * from the functions. */
template <typename TImage, typename TTraits>
class CheckedImageReader : public itk::ImageSource<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(CheckedImageReader);

  using Self = CheckedImageReader;
  using Superclass = itk::ImageSource<TImage>;
  using Pointer = itk::SmartPointer<Self>;
  using ConstPointer = itk::SmartPointer<const Self>;

  itkNewMacro(Self);
  itkTypeMacro(CheckedImageReader, ImageSource);

  itkSetStringMacro(FileName);
  itkGetStringMacro(FileName);

  void
  SetOptions(const ReadOptions & options)
  {
    m_Options = options;
    this->Modified();
  }
  const ReadOptions &
  GetOptions() const
  {
    return m_Options;
  }

  /** What was guessed while the file was read. */
  const std::vector<std::string> &
  GetWarnings() const
  {
    return m_Loaded.warnings;
  }

protected:
  CheckedImageReader() = default;
  ~CheckedImageReader() override = default;

  void
  GenerateOutputInformation() override;
  void
  EnlargeOutputRequestedRegion(itk::DataObject * output) override;
  void
  GenerateData() override;
  void
  PrintSelf(std::ostream & os, itk::Indent indent) const override;

private:
  std::string m_FileName;
  ReadOptions m_Options;
  Loaded<TImage> m_Loaded;
  itk::ModifiedTimeType m_ReadTime = 0;
};

struct FloatReading
{
  static Loaded<FloatImage>
  Read(const std::string & path, const ReadOptions & options)
  {
    return ReadImage(path, options);
  }
};

struct LabelReading
{
  static Loaded<LabelImage>
  Read(const std::string & path, const ReadOptions & options)
  {
    return ReadLabels(path, options);
  }
};

using FloatImageReader = CheckedImageReader<FloatImage, FloatReading>;
using LabelImageReader = CheckedImageReader<LabelImage, LabelReading>;

} // namespace sulcus

#ifndef ITK_MANUAL_INSTANTIATION
#include "sulcusImageReaders.hxx"
#endif
