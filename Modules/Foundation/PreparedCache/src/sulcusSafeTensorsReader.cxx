#include "sulcusSafeTensors.h"
#include "sulcusSafeTensorsFormat.h"
#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusSha256.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <numeric>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sulcus
{
using namespace safetensors;

namespace
{

/** The header's text with its own checksum replaced by zeros, which is what the checksum is taken
 * of. */
std::string
WithoutHeaderHash(std::string header)
{
  const std::string marker = "\"" + headerHashKey + "\":\"";
  const auto at = header.find(marker);
  if (at != std::string::npos && at + marker.size() + 64 <= header.size())
  {
    header.replace(at + marker.size(), 64, std::string(64, '0'));
  }
  return header;
}

} // namespace

/** The mapped bytes and what the header says about them. */
struct SafeTensorsReader::Mapping
{
  explicit Mapping(const std::filesystem::path & file) : path(file.string())
  {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status
    {
    };
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
    {
      const std::string reason = std::strerror(errno);
      Close(descriptor);
      throw InputError(Message(path, ": cannot be read (", reason, ")"));
    }
    if (!S_ISREG(status.st_mode))
    {
      Close(descriptor);
      throw InputError(Message(path, ": is not a regular file"));
    }
    size = static_cast<std::size_t>(status.st_size);
    if (size > 0)
    {
      void * mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
      const int reason = errno;
      Close(descriptor);
      if (mapped == MAP_FAILED)
      {
        throw ResourceError(Message(path, ": cannot be mapped (", std::strerror(reason), ")"));
      }
      bytes = static_cast<const std::byte *>(mapped);
    }
    else
    {
      Close(descriptor);
    }
    try
    {
      ReadHeader();
    }
    catch (...)
    {
      Unmap();
      throw;
    }
  }

  ~Mapping()
  {
    Unmap();
  }
  Mapping(const Mapping &) = delete;
  Mapping &
  operator=(const Mapping &) = delete;

  [[noreturn]] void
  Refuse(const std::string & why) const
  {
    throw ModelError(Message(path, ": ", why));
  }

  void
  ReadHeader();
  void
  ReadMetadata(const nlohmann::json & entries);
  TensorView
  ReadEntry(const std::string & name, const nlohmann::json & entry, std::uint64_t & begin) const;
  void
  CheckLayout(const std::vector<std::uint64_t> & begins) const;

  std::string path;
  const std::byte * bytes = nullptr;
  std::size_t size = 0;
  std::string header;
  std::size_t dataStart = 0;
  std::vector<TensorView> tensors;
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::string> hashes;
  std::string headerHash;

private:
  static void
  Close(int descriptor)
  {
    if (descriptor >= 0)
    {
      close(descriptor);
    }
  }
  void
  Unmap()
  {
    if (bytes != nullptr)
    {
      munmap(const_cast<std::byte *>(bytes), size);
      bytes = nullptr;
    }
  }
};

void
SafeTensorsReader::Mapping::ReadHeader()
{
  if (size < 8)
  {
    Refuse(Message("is not a safetensors file (", size, " bytes)"));
  }
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
  {
    length = (length << 8) | std::to_integer<std::uint64_t>(bytes[i]);
  }
  if (length > largestHeader || length > size - 8 || length < 2)
  {
    Refuse(Message("is not a safetensors file or is cut (header of ",
                   length,
                   " bytes in a file of ",
                   size,
                   ")"));
  }
  header.assign(reinterpret_cast<const char *>(bytes) + 8, length);
  dataStart = 8 + length;
  nlohmann::json entries;
  try
  {
    entries = ParseJson(header, path);
  }
  catch (const UsageError & error)
  {
    throw ModelError(error.what());
  }
  if (!entries.is_object())
  {
    Refuse("its header is not a JSON object");
  }
  std::vector<std::uint64_t> begins;
  for (const auto & [name, entry] : entries.items())
  {
    if (name == "__metadata__")
    {
      ReadMetadata(entry);
      continue;
    }
    std::uint64_t begin = 0;
    tensors.push_back(ReadEntry(name, entry, begin));
    begins.push_back(begin);
  }
  CheckLayout(begins);
}

void
SafeTensorsReader::Mapping::ReadMetadata(const nlohmann::json & entries)
{
  if (!entries.is_object())
  {
    Refuse("its metadata is not a map of texts");
  }
  for (const auto & [key, value] : entries.items())
  {
    if (!value.is_string())
    {
      Refuse(Message("its metadata '", key, "' is not a text"));
    }
    const auto text = value.get<std::string>();
    if (key == headerHashKey)
    {
      headerHash = text;
    }
    else if (key.starts_with(hashPrefix))
    {
      hashes[key.substr(hashPrefix.size())] = text;
    }
    else
    {
      metadata[key] = text;
    }
  }
}

TensorView
SafeTensorsReader::Mapping::ReadEntry(const std::string & name,
                                      const nlohmann::json & entry,
                                      std::uint64_t & begin) const
{
  const auto refuse = [&](const std::string & why)
  { Refuse(Message("tensor '", name, "': ", why)); };
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
      !entry.contains("shape") || !entry.contains("data_offsets"))
  {
    refuse("expected exactly dtype, shape and data_offsets");
  }
  TensorView tensor;
  tensor.name = name;
  const auto & type = entry["dtype"];
  const auto found =
      std::find_if(typeNames.begin(),
                   typeNames.end(),
                   [&](const TypeName & known) {
                     return type.is_string() && type.get_ref<const std::string &>() == known.name;
                   });
  if (found == typeNames.end())
  {
    refuse(Message("unknown element type ", type.dump()));
  }
  tensor.type = found->type;
  const auto & shape = entry["shape"];
  const auto & offsets = entry["data_offsets"];
  const auto isSize = [](const nlohmann::json & value)
  {
    return value.is_number_unsigned() &&
           value.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  };
  if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), isSize) || shape.size() > 16)
  {
    refuse("its shape is not a list of sizes");
  }
  if (!offsets.is_array() || offsets.size() != 2 ||
      !std::all_of(offsets.begin(), offsets.end(), isSize))
  {
    refuse("its data_offsets are not two positions");
  }
  tensor.shape = shape.get<std::vector<std::int64_t>>();
  begin = offsets[0].get<std::uint64_t>();
  const auto end = offsets[1].get<std::uint64_t>();
  if (begin > end || end > size - dataStart)
  {
    refuse(Message(
        "bytes ", begin, " to ", end, " of ", size - dataStart, "; the file is cut or damaged"));
  }
  std::uint64_t expected = 0;
  try
  {
    expected = ByteCount(tensor.shape, tensor.type);
  }
  catch (const InputError &)
  {
    refuse("its shape overflows");
  }
  if (end - begin != expected)
  {
    refuse(Message(end - begin, " bytes, expected ", expected, " by its shape"));
  }
  tensor.bytes = {bytes + dataStart + begin, static_cast<std::size_t>(expected)};
  return tensor;
}

/** Sorts nothing: tensors cover the data exactly once, whatever their order in the header. */
void
SafeTensorsReader::Mapping::CheckLayout(const std::vector<std::uint64_t> & begins) const
{
  std::vector<std::size_t> order(begins.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(),
            order.end(),
            [&](std::size_t a, std::size_t b)
            {
              return std::pair(begins[a], tensors[a].bytes.size()) <
                     std::pair(begins[b], tensors[b].bytes.size());
            });
  std::uint64_t covered = 0;
  for (const auto index : order)
  {
    if (begins[index] != covered)
    {
      Refuse(
          Message("tensor '",
                  tensors[index].name,
                  begins[index] < covered ? "': overlaps another" : "': leaves a gap before it"));
    }
    covered += tensors[index].bytes.size();
  }
  if (covered != size - dataStart)
  {
    Refuse(Message(size - dataStart - covered, " bytes belong to no tensor"));
  }
}

SafeTensorsReader::SafeTensorsReader(const std::filesystem::path & path)
    : m_Mapping(std::make_shared<Mapping>(path))
{
}

SafeTensorsReader::~SafeTensorsReader() = default;
SafeTensorsReader::SafeTensorsReader(SafeTensorsReader &&) noexcept = default;
SafeTensorsReader &
SafeTensorsReader::operator=(SafeTensorsReader &&) noexcept = default;

const std::vector<TensorView> &
SafeTensorsReader::Tensors() const
{
  return m_Mapping->tensors;
}

const TensorView *
SafeTensorsReader::Find(const std::string & name) const
{
  for (const auto & tensor : m_Mapping->tensors)
  {
    if (tensor.name == name)
    {
      return &tensor;
    }
  }
  return nullptr;
}

const TensorView &
SafeTensorsReader::Require(const std::string & name) const
{
  const auto * found = Find(name);
  if (found == nullptr)
  {
    m_Mapping->Refuse(Message("holds no tensor '", name, "'"));
  }
  return *found;
}

const std::map<std::string, std::string> &
SafeTensorsReader::Metadata() const
{
  return m_Mapping->metadata;
}

bool
SafeTensorsReader::HasChecksums() const
{
  return !m_Mapping->headerHash.empty();
}

void
SafeTensorsReader::Verify() const
{
  const auto & file = *m_Mapping;
  if (!HasChecksums())
  {
    file.Refuse("carries no checksums, so it cannot be verified");
  }
  if (Sha256OfText(WithoutHeaderHash(file.header)) != file.headerHash)
  {
    file.Refuse("its header was changed after it was written");
  }
  for (const auto & tensor : file.tensors)
  {
    const auto stated = file.hashes.find(tensor.name);
    if (stated == file.hashes.end() || Sha256OfBytes(tensor.bytes) != stated->second)
    {
      file.Refuse(
          Message("tensor '", tensor.name, "' was changed after it was written (SHA-256 differs)"));
    }
    if (!AllFinite(tensor))
    {
      file.Refuse(Message("tensor '", tensor.name, "' holds a number that is not finite"));
    }
  }
  if (file.hashes.size() != file.tensors.size())
  {
    file.Refuse("has checksums of tensors that it does not hold");
  }
}

} // namespace sulcus
