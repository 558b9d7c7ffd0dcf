#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sulcus
{

/** A small, fast, splittable random engine (xoshiro256**, Blackman and Vigna 2018) with
 * distributions of its own.
 *
 * The standard library's distributions differ between implementations; these give the same numbers
 * everywhere. `Fork(key)` derives an independent engine without advancing this one, so the draws of
 * item i do not depend on how many threads made items 0 … i-1. The state is four words that can be
 * stored and restored for an exact resume. */
class RandomEngine
{
public:
  using State = std::array<std::uint64_t, 4>;

  explicit RandomEngine(std::uint64_t seed = 0);

  std::uint64_t
  NextWord();

  /** Uniform in [0, 1) with 53 random bits. */
  double
  Uniform();

  /** Uniform in [low, high). */
  double
  Uniform(double low, double high);

  /** Uniform integer in [low, high], both ends included; unbiased. \throws UsageError if high <
   * low. */
  std::int64_t
  Integer(std::int64_t low, std::int64_t high);

  /** Standard normal draw (Box-Muller, one value a call, so that the state is all there is). */
  double
  Normal();

  double
  Normal(double mean, double standardDeviation);

  /** True with the given probability. */
  bool
  Chance(double probability);

  /** Index drawn with probability proportional to the weights (≥ 0, not all 0). */
  std::size_t
  Weighted(const std::vector<double> & weights);

  /** A permutation of 0 … count-1 (Fisher-Yates). */
  std::vector<std::size_t>
  Permutation(std::size_t count);

  /** An independent engine named by a number or a text; this engine does not move. */
  RandomEngine
  Fork(std::uint64_t key) const;
  RandomEngine
  Fork(std::string_view key) const;

  const State &
  GetState() const
  {
    return m_State;
  }
  void
  SetState(const State & state)
  {
    m_State = state;
  }

private:
  State m_State{};
};

/** A 64-bit hash of a text (FNV-1a followed by a finaliser); the same on every machine. */
std::uint64_t
HashText(std::string_view text);

} // namespace sulcus
