#pragma once

#include <sulcusAtomicFile.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sulcus
{

enum class ElementType
{
  U8,
  I8,
  I16,
  U16,
  I32,
  I64,
  F16,
  BF16,
  F32,
  F64
};

std::size_t
ElementSize(ElementType type);

/** A named block of numbers, last axis fastest. Whoever handed it out owns the bytes. */
struct TensorView
{
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

/** A safetensors file, memory-mapped. Strictly checked when opened: header at most 100 MB, offsets
 * contiguous, in range and without overlap, shape times element size equal to the length, unique
 * names, and, for files that Sulcus wrote, a SHA-256 for every tensor which `Verify` compares.
 * \throws ModelError (exit 8) naming the file and what is wrong. */
class SafeTensorsReader
{
public:
  explicit SafeTensorsReader(const std::filesystem::path & path);
  ~SafeTensorsReader();
  SafeTensorsReader(SafeTensorsReader &&) noexcept;
  SafeTensorsReader &
  operator=(SafeTensorsReader &&) noexcept;

  const std::vector<TensorView> &
  Tensors() const;
  /** nullptr if there is none of that name. */
  const TensorView *
  Find(const std::string & name) const;
  /** \throws ModelError naming the file and the missing tensor. */
  const TensorView &
  Require(const std::string & name) const;
  /** The free-form string map of the format. */
  const std::map<std::string, std::string> &
  Metadata() const;

  /** Compares every tensor's and the header's SHA-256. \throws ModelError naming the first that
   * differs. */
  void
  Verify() const;

private:
  struct Mapping;
  std::shared_ptr<Mapping> m_Mapping;
};

/** Writes a safetensors file through AtomicFile, tensors in the order given, each 64-byte aligned,
 * SHA-256 of each in the metadata. Returns the SHA-256 of the file. \throws OutputError */
std::string
WriteSafeTensors(const std::filesystem::path & path,
                 const std::vector<TensorView> & tensors,
                 const std::map<std::string, std::string> & metadata,
                 Overwrite overwrite);

} // namespace sulcus
