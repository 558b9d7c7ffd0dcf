#pragma once

#include "sulcusByteSource.h"

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace sulcus
{

template <std::size_t VBytes>
struct UnsignedOfSize;
template <>
struct UnsignedOfSize<1>
{
  using Type = std::uint8_t;
};
template <>
struct UnsignedOfSize<2>
{
  using Type = std::uint16_t;
};
template <>
struct UnsignedOfSize<4>
{
  using Type = std::uint32_t;
};
template <>
struct UnsignedOfSize<8>
{
  using Type = std::uint64_t;
};

template <std::unsigned_integral T>
constexpr T
SwapBytes(T value)
{
  if constexpr (sizeof(T) == 2)
  {
    return __builtin_bswap16(value);
  }
  else if constexpr (sizeof(T) == 4)
  {
    return __builtin_bswap32(value);
  }
  else if constexpr (sizeof(T) == 8)
  {
    return __builtin_bswap64(value);
  }
  else
  {
    return value;
  }
}

/** The number stored at `offset`; the caller has checked that it lies inside. */
template <typename T>
T
LoadNumber(ByteView bytes, std::size_t offset, bool bigEndian)
{
  typename UnsignedOfSize<sizeof(T)>::Type word;
  std::memcpy(&word, bytes.data() + offset, sizeof(T));
  if (bigEndian != (std::endian::native == std::endian::big))
  {
    word = SwapBytes(word);
  }
  return std::bit_cast<T>(word);
}

/** Writes little-endian. */
template <typename T>
void
StoreNumber(Bytes & bytes, std::size_t offset, T value)
{
  auto word = std::bit_cast<typename UnsignedOfSize<sizeof(T)>::Type>(value);
  if constexpr (std::endian::native == std::endian::big)
  {
    word = SwapBytes(word);
  }
  std::memcpy(bytes.data() + offset, &word, sizeof(T));
}

} // namespace sulcus
