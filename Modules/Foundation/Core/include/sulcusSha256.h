#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace sulcus
{

/** SHA-256 (FIPS 180-4), fed in pieces. */
class Sha256
{
public:
  void
  Update(std::span<const std::byte> bytes);
  void
  Update(std::string_view text);
  /** 64 hexadecimal digits of everything fed so far; the object must not be fed again. */
  std::string
  HexDigest();

private:
  void
  Block(const std::uint8_t * block);

  std::array<std::uint32_t, 8> m_State{0x6a09e667,
                                       0xbb67ae85,
                                       0x3c6ef372,
                                       0xa54ff53a,
                                       0x510e527f,
                                       0x9b05688c,
                                       0x1f83d9ab,
                                       0x5be0cd19};
  std::array<std::uint8_t, 64> m_Buffer{};
  std::uint64_t m_Length = 0;
};

std::string
Sha256OfText(std::string_view text);
std::string
Sha256OfBytes(std::span<const std::byte> bytes);
/** \throws InputError if the file cannot be read. */
std::string
Sha256OfFile(const std::filesystem::path & path);

} // namespace sulcus
