#include "sulcusSha256.h"

#include "sulcusError.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sulcus
{
namespace
{

constexpr std::array<std::uint32_t, 64> roundConstants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t
BigEndianWord(const std::uint8_t * bytes)
{
  return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) |
         (std::uint32_t{bytes[2]} << 8) | bytes[3];
}

void
PortableBlock(std::array<std::uint32_t, 8> & state, const std::uint8_t * block)
{
  std::array<std::uint32_t, 64> w;
  for (int i = 0; i < 16; ++i)
  {
    w[i] = BigEndianWord(block + 4 * i);
  }
  for (int i = 16; i < 64; ++i)
  {
    const auto s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const auto s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (int i = 0; i < 64; ++i)
  {
    const auto t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                    ((e & f) ^ (~e & g)) + roundConstants[i] + w[i];
    const auto t2 =
        (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::array<std::uint32_t, 8> add{a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i)
  {
    state[i] += add[i];
  }
}

#if defined(__x86_64__)
/** The same with the processor's SHA instructions, about six times faster; four rounds an
 * iteration. */
__attribute__((target("sha,sse4.1"))) void
HardwareBlock(std::array<std::uint32_t, 8> & state, const std::uint8_t * block)
{
  const __m128i byteOrder = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  const auto * words = reinterpret_cast<const __m128i *>(state.data());
  const __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1B);
  __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, dcba, 0xF0);
  const __m128i abefBefore = abef;
  const __m128i cdghBefore = cdgh;
  __m128i schedule[4];
  for (int i = 0; i < 4; ++i)
  {
    schedule[i] =
        _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(block) + i), byteOrder);
  }
  for (int i = 0; i < 16; ++i)
  {
    const __m128i keyed = _mm_add_epi32(
        schedule[i % 4],
        _mm_loadu_si128(reinterpret_cast<const __m128i *>(roundConstants.data()) + i));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, keyed);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(keyed, 0x0E));
    if (i < 12)
    {
      const __m128i newest = schedule[(i + 3) % 4];
      const __m128i shifted = _mm_alignr_epi8(newest, schedule[(i + 2) % 4], 4);
      const __m128i partial =
          _mm_add_epi32(_mm_sha256msg1_epu32(schedule[i % 4], schedule[(i + 1) % 4]), shifted);
      schedule[i % 4] = _mm_sha256msg2_epu32(partial, newest);
    }
  }
  abef = _mm_add_epi32(abef, abefBefore);
  cdgh = _mm_add_epi32(cdgh, cdghBefore);
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  auto * out = reinterpret_cast<__m128i *>(state.data());
  _mm_storeu_si128(out, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(out + 1, _mm_alignr_epi8(dchg, feba, 8));
}
#endif

} // namespace

void
Sha256::Block(const std::uint8_t * block)
{
#if defined(__x86_64__)
  static const bool hasShaInstructions = []
  {
    unsigned int eax = 7, ebx = 0, ecx = 0, edx = 0;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ((ebx >> 29) & 1U) != 0 && __builtin_cpu_supports("sse4.1");
  }();
  if (hasShaInstructions)
  {
    HardwareBlock(m_State, block);
    return;
  }
#endif
  PortableBlock(m_State, block);
}

void
Sha256::Update(std::span<const std::byte> bytes)
{
  const auto * data = reinterpret_cast<const std::uint8_t *>(bytes.data());
  std::size_t left = bytes.size();
  std::size_t held = m_Length % 64;
  m_Length += left;
  while (left > 0)
  {
    if (held == 0 && left >= 64)
    {
      Block(data);
      data += 64;
      left -= 64;
      continue;
    }
    const std::size_t taken = std::min(left, 64 - held);
    std::memcpy(m_Buffer.data() + held, data, taken);
    data += taken;
    left -= taken;
    held += taken;
    if (held == 64)
    {
      Block(m_Buffer.data());
      held = 0;
    }
  }
}

void
Sha256::Update(std::string_view text)
{
  Update(std::as_bytes(std::span(text.data(), text.size())));
}

std::string
Sha256::HexDigest()
{
  const std::uint64_t bits = m_Length * 8;
  const std::size_t held = m_Length % 64;
  std::vector<std::uint8_t> tail(held < 56 ? 64 - held : 128 - held, 0);
  tail[0] = 0x80;
  for (int i = 0; i < 8; ++i)
  {
    tail[tail.size() - 1 - i] = static_cast<std::uint8_t>(bits >> (8 * i));
  }
  Update(std::as_bytes(std::span(tail)));
  std::string hex;
  for (const auto word : m_State)
  {
    for (int shift = 28; shift >= 0; shift -= 4)
    {
      hex += "0123456789abcdef"[(word >> shift) & 15];
    }
  }
  return hex;
}

std::string
Sha256OfText(std::string_view text)
{
  Sha256 hash;
  hash.Update(text);
  return hash.HexDigest();
}

std::string
Sha256OfBytes(std::span<const std::byte> bytes)
{
  Sha256 hash;
  hash.Update(bytes);
  return hash.HexDigest();
}

std::string
Sha256OfFile(const std::filesystem::path & path)
{
  std::ifstream file(path, std::ios::binary);
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0)
  {
    hash.Update(std::string_view(buffer.data(), static_cast<std::size_t>(file.gcount())));
  }
  if (!file.eof())
  {
    throw InputError(Message(path.string(), ": cannot be read"));
  }
  return hash.HexDigest();
}

} // namespace sulcus
