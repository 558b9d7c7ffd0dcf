#pragma once

#include "sulcusImageReaders.h"

namespace sulcus
{

template <typename TImage, typename TTraits>
void
CheckedImageReader<TImage, TTraits>::GenerateOutputInformation()
{
  if (m_ReadTime < this->GetMTime())
  {
    m_Loaded = TTraits::Read(m_FileName, m_Options);
    m_ReadTime = this->GetMTime();
  }
  SetGrid(this->GetOutput(), GridOf(m_Loaded.image.GetPointer()));
}

/** A file is read whole, so whoever asks for a part gets all of it. */
template <typename TImage, typename TTraits>
void
CheckedImageReader<TImage, TTraits>::EnlargeOutputRequestedRegion(itk::DataObject * output)
{
  output->SetRequestedRegionToLargestPossibleRegion();
}

template <typename TImage, typename TTraits>
void
CheckedImageReader<TImage, TTraits>::GenerateData()
{
  this->GraftOutput(m_Loaded.image);
}

template <typename TImage, typename TTraits>
void
CheckedImageReader<TImage, TTraits>::PrintSelf(std::ostream & os, itk::Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "FileName: " << m_FileName << '\n';
}

} // namespace sulcus
