#include "sulcusSafeTensors.h"

#include "sulcusSafeTensorsFormat.h"
#include <sulcusError.h>
#include <sulcusSha256.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace sulcus
{
using namespace safetensors;

namespace
{

/** A number whose exponent bits are all ones is infinite or not a number. */
template <typename TWord>
bool
NoneHasExponent(std::span<const std::byte> bytes, TWord exponent)
{
  for (std::size_t at = 0; at + sizeof(TWord) <= bytes.size(); at += sizeof(TWord))
  {
    TWord word;
    std::memcpy(&word, bytes.data() + at, sizeof(TWord));
    if ((word & exponent) == exponent)
    {
      return false;
    }
  }
  return true;
}

} // namespace

std::size_t
ElementSize(ElementType type)
{
  return Describe(type).size;
}

bool
AllFinite(const TensorView & tensor)
{
  switch (tensor.type)
  {
  case ElementType::F16:
    return NoneHasExponent<std::uint16_t>(tensor.bytes, 0x7c00);
  case ElementType::BF16:
    return NoneHasExponent<std::uint16_t>(tensor.bytes, 0x7f80);
  case ElementType::F32:
    return NoneHasExponent<std::uint32_t>(tensor.bytes, 0x7f800000u);
  case ElementType::F64:
    return NoneHasExponent<std::uint64_t>(tensor.bytes, 0x7ff0000000000000ull);
  default:
    return true;
  }
}

template <typename T>
struct TypeOf;
template <>
struct TypeOf<float>
{
  static constexpr auto value = ElementType::F32;
};
template <>
struct TypeOf<double>
{
  static constexpr auto value = ElementType::F64;
};
template <>
struct TypeOf<std::uint8_t>
{
  static constexpr auto value = ElementType::U8;
};
template <>
struct TypeOf<std::int64_t>
{
  static constexpr auto value = ElementType::I64;
};

template <typename T>
std::span<const T>
Elements(const TensorView & tensor)
{
  if (tensor.type != TypeOf<T>::value)
  {
    throw ModelError(Message("tensor '",
                             tensor.name,
                             "': element type ",
                             Describe(tensor.type).name,
                             ", expected ",
                             Describe(TypeOf<T>::value).name));
  }
  if (reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % alignof(T) != 0)
  {
    throw ModelError(
        Message("tensor '", tensor.name, "': its bytes are not aligned for their type"));
  }
  return {reinterpret_cast<const T *>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
}

template std::span<const float>
Elements(const TensorView &);
template std::span<const double>
Elements(const TensorView &);
template std::span<const std::uint8_t>
Elements(const TensorView &);
template std::span<const std::int64_t>
Elements(const TensorView &);

namespace
{

void
CheckForWriting(const std::filesystem::path & path,
                const std::vector<TensorView> & tensors,
                const std::map<std::string, std::string> & metadata)
{
  std::vector<std::string> names;
  for (const auto & tensor : tensors)
  {
    const auto refuse = [&](const std::string & why)
    { throw UsageError(Message(path.string(), ": tensor '", tensor.name, "': ", why)); };
    if (tensor.name.empty() || tensor.name == "__metadata__" ||
        std::any_of(
            tensor.shape.begin(), tensor.shape.end(), [](auto extent) { return extent < 0; }))
    {
      refuse("this name or shape cannot be stored");
    }
    if (tensor.bytes.size() != ByteCount(tensor.shape, tensor.type))
    {
      refuse(Message(tensor.bytes.size(),
                     " bytes, expected ",
                     ByteCount(tensor.shape, tensor.type),
                     " by its shape"));
    }
    if (!AllFinite(tensor))
    {
      throw RuntimeError(Message(path.string(),
                                 ": tensor '",
                                 tensor.name,
                                 "' holds a number that is not finite and is not saved"));
    }
    names.push_back(tensor.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
  {
    throw UsageError(Message(path.string(), ": two tensors are named '", *twice, "'"));
  }
  for (const auto & [key, value] : metadata)
  {
    if (key.starts_with(hashPrefix) || key.starts_with("sulcus."))
    {
      throw UsageError(Message(path.string(), ": the metadata key '", key, "' is reserved"));
    }
  }
}

} // namespace

std::string
WriteSafeTensors(const std::filesystem::path & path,
                 const std::vector<TensorView> & tensors,
                 const std::map<std::string, std::string> & metadata,
                 Overwrite overwrite)
{
  CheckForWriting(path, tensors, metadata);
  std::vector<const TensorView *> order;
  for (const auto & tensor : tensors)
  {
    order.push_back(&tensor);
  }
  std::stable_sort(order.begin(),
                   order.end(),
                   [](const TensorView * a, const TensorView * b)
                   { return ElementSize(a->type) > ElementSize(b->type); });

  nlohmann::ordered_json entries;
  nlohmann::ordered_json stored = metadata;
  entries["__metadata__"] = nullptr; // first in the file
  std::uint64_t offset = 0;
  for (const auto * tensor : order)
  {
    stored[hashPrefix + tensor->name] = Sha256OfBytes(tensor->bytes);
    entries[tensor->name] = {{"dtype", Describe(tensor->type).name},
                             {"shape", tensor->shape},
                             {"data_offsets", {offset, offset + tensor->bytes.size()}}};
    offset += tensor->bytes.size();
  }
  stored[headerHashKey] = std::string(64, '0');
  entries["__metadata__"] = std::move(stored);
  std::string header = entries.dump();
  header.append((dataAlignment - (8 + header.size()) % dataAlignment) % dataAlignment, ' ');
  const std::string marker = "\"" + headerHashKey + "\":\"";
  header.replace(header.find(marker) + marker.size(), 64, Sha256OfText(header));
  if (header.size() > largestHeader)
  {
    throw UsageError(Message(path.string(), ": too many tensors for one file"));
  }

  AtomicFile file(path, overwrite);
  std::array<std::byte, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i)
  {
    length[i] = static_cast<std::byte>((header.size() >> (8 * i)) & 0xff);
  }
  file.Write(std::span<const std::byte>(length));
  file.Write(header);
  for (const auto * tensor : order)
  {
    file.Write(tensor->bytes);
  }
  return file.Commit();
}

} // namespace sulcus
