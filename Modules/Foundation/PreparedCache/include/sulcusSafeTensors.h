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

/** A safetensors file, memory-mapped. Strictly checked when opened: header at most 16 MB, offsets
 * contiguous, in range and without overlap, shape times element size equal to the length, unique
 * names, and, for files that Sulcus wrote, a SHA-256 for every tensor which `Verify` compares. A
 * file of another program may place a tensor at an address that is no multiple of its element size;
 * `Elements` refuses such a tensor, the bytes can still be copied. \throws InputError if there is
 * no such file, ModelError (exit 8) naming the file and what is wrong. */
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
  /** The free-form string map of the format, without the checksums. */
  const std::map<std::string, std::string> &
  Metadata() const;

  /** Whether the file carries the SHA-256 of its header and of every tensor, as all that Sulcus
   * writes do. */
  bool
  HasChecksums() const;

  /** Compares every tensor's and the header's SHA-256 and refuses values that are not finite.
   * \throws ModelError naming the first that differs, or the file if it carries no checksums. */
  void
  Verify() const;

private:
  struct Mapping;
  std::shared_ptr<Mapping> m_Mapping;
};

/** Whether every number of a floating-point tensor is finite; true for the integer types. */
bool
AllFinite(const TensorView & tensor);

/** The numbers of a tensor as T. \throws ModelError if the type differs or the bytes are not
 * aligned for it. */
template <typename T>
std::span<const T>
Elements(const TensorView & tensor);

/** Writes a safetensors file through AtomicFile, SHA-256 of each tensor and of the header in the
 * metadata. The bytes of the largest element type come first, otherwise in the order given; they
 * start at a multiple of 64, so that every tensor is aligned for its type although the format
 * allows no gaps. Returns the SHA-256 of the file. \throws OutputError; RuntimeError naming a
 * tensor that holds a number which is not finite; UsageError for a duplicate name, a length that
 * does not fit the shape, or a metadata key that starts with "sha256:" or "sulcus.". */
std::string
WriteSafeTensors(const std::filesystem::path & path,
                 const std::vector<TensorView> & tensors,
                 const std::map<std::string, std::string> & metadata,
                 Overwrite overwrite);

} // namespace sulcus
