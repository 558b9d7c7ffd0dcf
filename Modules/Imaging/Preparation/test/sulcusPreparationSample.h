#pragma once

#include "sulcusPreparation.h"
#include <sulcusError.h>
#include <sulcusPreparedCache.h>
#include <sulcusSmallDataset.h>
#include <sulcusUndo.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>

namespace sulcus
{

namespace fs = std::filesystem;

inline PreparationOptions
OptionsFor(const fs::path & path)
{
  PreparationOptions options;
  options.dataset.path = path.string();
  return options;
}

inline CheckedDataset
Prepare(const PreparationOptions & options, const fs::path & cache)
{
  auto checked = CheckDataset(options);
  WriteCache(checked, options, cache, Overwrite::Refuse);
  return checked;
}

inline std::size_t
IndexOf(const PreparedCache & cache, const std::string & id)
{
  for (std::size_t i = 0; i < cache.Cases().size(); ++i)
  {
    if (cache.Cases()[i].id == id)
    {
      return i;
    }
  }
  throw std::runtime_error("no case " + id);
}

/** A prepared array as an image on the prepared grid. */
template <typename TImage, typename TValue>
typename TImage::Pointer
AsImage(std::span<const TValue> values, const ImageGrid & grid)
{
  auto image = NewImage<TImage>(grid);
  std::copy(values.begin(), values.end(), image->GetBufferPointer());
  return image;
}

inline LabelImage::Pointer
NativeLabel(const PreparedCache & cache, const std::string & id)
{
  const auto index = IndexOf(cache, id);
  const auto undo = Undo::FromJson(cache.Cases()[index].undo, "test");
  const auto prepared = AsImage<LabelImage>(cache.Volume(index).label, undo.PreparedGrid());
  return ToNative(prepared.GetPointer(), undo);
}

inline bool
SameVoxels(const LabelImage * a, const LabelImage * b)
{
  const auto count = a->GetLargestPossibleRegion().GetNumberOfPixels();
  return SameGrid(GridOf(a), GridOf(b)) &&
         std::equal(a->GetBufferPointer(), a->GetBufferPointer() + count, b->GetBufferPointer());
}

/** The exit status that a refusal of the data set means; Success if it is accepted. */
template <typename TOptions>
ExitCode
RefusalOf(const TOptions & options)
{
  try
  {
    CheckDataset(options);
  }
  catch (const Error & error)
  {
    return error.Code();
  }
  return ExitCode::Success;
}

} // namespace sulcus
