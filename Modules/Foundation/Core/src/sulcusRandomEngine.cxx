#include "sulcusRandomEngine.h"

#include "sulcusError.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

namespace sulcus
{
namespace
{

std::uint64_t
SplitMix(std::uint64_t & state)
{
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

} // namespace

RandomEngine::RandomEngine(std::uint64_t seed)
{
  for (auto & word : m_State)
  {
    word = SplitMix(seed);
  }
}

std::uint64_t
RandomEngine::NextWord()
{
  const std::uint64_t result = std::rotl(m_State[1] * 5, 7) * 9;
  const std::uint64_t shifted = m_State[1] << 17;
  m_State[2] ^= m_State[0];
  m_State[3] ^= m_State[1];
  m_State[1] ^= m_State[2];
  m_State[0] ^= m_State[3];
  m_State[2] ^= shifted;
  m_State[3] = std::rotl(m_State[3], 45);
  return result;
}

double
RandomEngine::Uniform()
{
  return static_cast<double>(NextWord() >> 11) * 0x1.0p-53;
}

double
RandomEngine::Uniform(double low, double high)
{
  return low + (high - low) * Uniform();
}

std::int64_t
RandomEngine::Integer(std::int64_t low, std::int64_t high)
{
  if (high < low)
  {
    throw UsageError(Message("random integer: empty range [", low, ", ", high, "]"));
  }
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  if (span == 0) // the whole 64-bit range
  {
    return static_cast<std::int64_t>(NextWord());
  }
  const std::uint64_t rejectBelow = (0 - span) % span;
  std::uint64_t word = NextWord();
  while (word < rejectBelow)
  {
    word = NextWord();
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + word % span);
}

double
RandomEngine::Normal()
{
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform());
}

double
RandomEngine::Normal(double mean, double standardDeviation)
{
  return mean + standardDeviation * Normal();
}

bool
RandomEngine::Chance(double probability)
{
  return Uniform() < probability;
}

std::size_t
RandomEngine::Weighted(const std::vector<double> & weights)
{
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(total > 0.0))
  {
    throw UsageError("random choice: all weights are zero");
  }
  double left = Uniform() * total;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < weights.size(); ++i)
  {
    if (weights[i] <= 0.0)
    {
      continue;
    }
    chosen = i;
    if (left < weights[i])
    {
      break;
    }
    left -= weights[i];
  }
  return chosen;
}

std::vector<std::size_t>
RandomEngine::Permutation(std::size_t count)
{
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i)
  {
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(Integer(0, static_cast<std::int64_t>(i) - 1))]);
  }
  return order;
}

RandomEngine
RandomEngine::Fork(std::uint64_t key) const
{
  std::uint64_t mixed = key;
  std::uint64_t seed = SplitMix(mixed);
  for (const auto word : m_State)
  {
    mixed ^= word;
    seed ^= SplitMix(mixed);
  }
  return RandomEngine(seed);
}

RandomEngine
RandomEngine::Fork(std::string_view key) const
{
  return Fork(HashText(key));
}

std::uint64_t
HashText(std::string_view text)
{
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text)
  {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return SplitMix(hash);
}

} // namespace sulcus
