#pragma once

#include "sulcusSafeTensors.h"
#include <sulcusMemory.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

/** What reader and writer of the safetensors layout share. */
namespace sulcus::safetensors
{

inline constexpr std::size_t largestHeader = 16'000'000;
inline constexpr std::size_t dataAlignment = 64;
inline const std::string hashPrefix = "sha256:";
inline const std::string headerHashKey = "sulcus.header_sha256";

struct TypeName
{
  ElementType type;
  const char * name;
  std::size_t size;
};

inline constexpr std::array<TypeName, 10> typeNames{{{ElementType::U8, "U8", 1},
                                                     {ElementType::I8, "I8", 1},
                                                     {ElementType::I16, "I16", 2},
                                                     {ElementType::U16, "U16", 2},
                                                     {ElementType::I32, "I32", 4},
                                                     {ElementType::I64, "I64", 8},
                                                     {ElementType::F16, "F16", 2},
                                                     {ElementType::BF16, "BF16", 2},
                                                     {ElementType::F32, "F32", 4},
                                                     {ElementType::F64, "F64", 8}}};

inline const TypeName &
Describe(ElementType type)
{
  return typeNames[static_cast<std::size_t>(type)];
}

/** \throws InputError if the product overflows. */
inline std::uint64_t
ByteCount(const std::vector<std::int64_t> & shape, ElementType type)
{
  std::uint64_t count = Describe(type).size;
  for (const auto extent : shape)
  {
    count = CheckedProduct(count, static_cast<std::uint64_t>(extent));
  }
  return count;
}

} // namespace sulcus::safetensors
