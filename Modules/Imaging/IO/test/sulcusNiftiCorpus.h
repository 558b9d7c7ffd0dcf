#pragma once

#include "sulcusCorpus.h"

#include <limits>

namespace sulcus
{

template <typename T>
inline FileBytes
NiftiWith(std::size_t offset, T value)
{
  NiftiSample sample;
  sample.Set(offset, value);
  return sample.Bytes();
}

inline FileBytes
FloatNifti(float voxel)
{
  NiftiSample sample;
  sample.Set<std::int16_t>(70, 16);
  sample.Set<std::int16_t>(72, 32);
  auto bytes = sample.Bytes();
  bytes.resize(352 + 240);
  std::memset(bytes.data() + 352, 0, 240);
  std::memcpy(bytes.data() + 352 + 40, &voxel, 4);
  return bytes;
}

inline void
AddNiftiFields(Corpus & corpus)
{
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const auto inf = std::numeric_limits<float>::infinity();
  for (const std::int16_t rank : {0, -1, 8, 100, 32767})
  {
    corpus.Add(Message("nifti rank ", rank), NiftiWith<std::int16_t>(40, rank), Damaged);
  }
  for (const int axis : {1, 2, 3})
  {
    for (const std::int16_t size : {0, -1, -32768, 6, 32767})
    {
      corpus.Add(Message("nifti size ", axis, ' ', size),
                 NiftiWith<std::int16_t>(40 + 2 * axis, size),
                 Damaged);
    }
    for (const float spacing : {0.0F, -1.0F, nan, inf, 0.001F, 60.0F, 1e30F})
    {
      corpus.Add(Message("nifti spacing ", axis, ' ', spacing),
                 NiftiWith(76 + 4 * axis, spacing),
                 BadGeometry);
    }
    for (const float entry : {nan, inf, -inf, 1e38F, 20000.0F})
    {
      for (const int column : {0, 1, 2, 3})
      {
        corpus.Add(Message("nifti sform ", axis, ' ', column, ' ', entry),
                   NiftiWith(280 + 16 * (axis - 1) + 4 * column, entry),
                   BadGeometry);
      }
    }
  }
  for (const std::int16_t type : {0, 1, 3, 32, 128, 1536, 1792, 2048, 2304, 9999, -4})
  {
    corpus.Add(Message("nifti type ", type), NiftiWith<std::int16_t>(70, type), Damaged);
  }
  for (const std::int16_t bits : {0, 1, 8, 32, -16})
  {
    corpus.Add(Message("nifti bitpix ", bits), NiftiWith<std::int16_t>(72, bits), Damaged);
  }
  for (const float offset :
       {0.0F, 100.0F, 348.0F, 351.0F, 352.5F, 368.0F, 1e9F, 1e30F, nan, inf, -352.0F})
  {
    corpus.Add(Message("nifti vox_offset ", offset), NiftiWith(108, offset), Damaged);
  }
  for (const float slope : {inf, -inf})
  {
    corpus.Add(Message("nifti slope ", slope), NiftiWith(112, slope), Damaged);
    corpus.Add(Message("nifti intercept ", slope), NiftiWith(116, slope), Damaged);
  }
  corpus.Add("nifti intercept nan", NiftiWith(116, nan), Damaged);
  corpus.Add("nifti without geometry", NiftiWith<std::int16_t>(254, 0), BadGeometry);
  corpus.Add("nifti shear", NiftiWith(280 + 4, 0.4F), BadGeometry);
  corpus.Add("nifti nan voxel", FloatNifti(nan), Damaged);
  corpus.Add("nifti inf voxel", FloatNifti(inf), Damaged);
  corpus.Add("nifti half label", FloatNifti(1.5F), Damaged, true);
  corpus.Add("nifti negative label", FloatNifti(-1.0F), Damaged, true);
  corpus.Add("nifti huge label", FloatNifti(70000.0F), Damaged, true);
  for (const std::int32_t length : {0, 347, 349, 539, 541, -348})
  {
    corpus.Add(Message("nifti header length ", length), NiftiWith(0, length), Damaged);
  }
  for (const std::size_t at : {344, 345, 346, 347})
  {
    corpus.Add(Message("nifti magic ", at), NiftiWith(at, std::uint8_t{'x'}), Damaged);
  }
  for (const float component : {1.2F, -2.0F, nan, inf, 1e20F})
  {
    NiftiSample sample;
    sample.Set<std::int16_t>(252, 1);
    sample.SetFloat(256, component);
    corpus.Add(Message("nifti quaternion ", component), sample.Bytes(), BadGeometry);
  }
  NiftiSample conflict;
  conflict.Set<std::int16_t>(252, 1); // identity qform beside an oblique sform
  corpus.Add("nifti conflict", conflict.Bytes(), BadGeometry);
  corpus.entries.back().options.niftiTransform = NiftiTransform::Refuse;
  NiftiSample four;
  four.Set<std::int16_t>(40, 4);
  four.Set<std::int16_t>(46, 1);
  four.Set<std::int16_t>(48, 3);
  corpus.Add("nifti four axes", four.Bytes(), BadGeometry);
}

inline void
AddNiftiExtensions(Corpus & corpus)
{
  for (const std::int32_t size : {7, 8, 12, 17, 48, 4096, -16, 0x7FFFFFFF})
  {
    NiftiSample sample;
    sample.SetFloat(108, 384.0F);
    auto bytes = sample.Bytes();
    bytes.insert(bytes.begin() + 352, 32, std::byte{0});
    bytes[348] = std::byte{1};
    std::memcpy(bytes.data() + 352, &size, 4);
    corpus.Add(Message("nifti extension ", size), bytes, Damaged);
  }
}

inline void
AddNiftiStreams(Corpus & corpus)
{
  const auto plain = NiftiSample().Bytes();
  corpus.AddCuts("nifti", plain, 30);
  const auto packed = Gzip(plain);
  corpus.AddCuts("nifti.gz", packed, 40);
  corpus.AddFlips("nifti.gz", packed, 10, 3);
  auto tail = packed;
  tail.push_back(std::byte{'x'});
  corpus.Add("nifti.gz with garbage behind", tail, Damaged);
  NiftiSample bomb; // 2 GB out of 200 bytes
  bomb.Set<std::int16_t>(42, 1024);
  bomb.Set<std::int16_t>(44, 1024);
  bomb.Set<std::int16_t>(46, 1024);
  corpus.Add("nifti.gz bomb", Gzip(bomb.Bytes()), TooLarge);
  bomb.Set<std::int16_t>(40, 7);
  for (int axis = 1; axis <= 7; ++axis)
  {
    bomb.Set<std::int16_t>(static_cast<std::size_t>(40 + 2 * axis), 32767);
  }
  corpus.Add("nifti overflow", bomb.Bytes(), TooLarge);
}

} // namespace sulcus
