#pragma once

#include "sulcusGridNeighbourhood.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** Capacities between neighbouring voxels, produced on request: no arc is ever stored by the
 * caller. */
class GridCapacities
{
public:
  virtual ~GridCapacities() = default;

  /** No capacity of the forward step `step` exceeds this. A tight bound lets the solver decide more
   * voxels without looking at their neighbours. */
  virtual std::uint32_t
  Maximum(unsigned step) const = 0;

  /** Fills the capacities of `count` edges, voxel `first + i` to its forward neighbour number
   * `step`
   * (`GridNeighbourhood::ForwardSteps`); all of them lie inside the grid and in one row along x.
   * forward[i]: cost when the voxel is 1 and the neighbour 0; backward[i]: the other way round.
   * Called from several threads at once. */
  virtual void
  Row(unsigned step,
      std::size_t first,
      std::size_t count,
      std::uint32_t * forward,
      std::uint32_t * backward) const = 0;
};

/** The same capacity for every edge of one forward step, both ways. */
class UniformGridCapacities : public GridCapacities
{
public:
  explicit UniformGridCapacities(std::vector<std::uint32_t> capacityOfStep)
      : m_CapacityOfStep(std::move(capacityOfStep))
  {
  }

  std::uint32_t
  Maximum(unsigned step) const override;
  void
  Row(unsigned step,
      std::size_t first,
      std::size_t count,
      std::uint32_t * forward,
      std::uint32_t * backward) const override;

private:
  std::vector<std::uint32_t> m_CapacityOfStep;
};

/** Capacities kept in arrays, one pair of arrays for each forward step, indexed by the voxel the
 * step starts from. For small problems and tests. */
class StoredGridCapacities : public GridCapacities
{
public:
  StoredGridCapacities(std::size_t stepCount, std::size_t voxelCount);

  void
  Set(unsigned step, std::size_t voxel, std::uint32_t forward, std::uint32_t backward);

  std::uint32_t
  Maximum(unsigned step) const override;
  void
  Row(unsigned step,
      std::size_t first,
      std::size_t count,
      std::uint32_t * forward,
      std::uint32_t * backward) const override;

private:
  std::vector<std::vector<std::uint32_t>> m_Forward;
  std::vector<std::vector<std::uint32_t>> m_Backward;
};

/** Two-label problem on a grid: minimise
 *   E(x) = sum_{p: x_p = 0} max(u_p, 0) + sum_{p: x_p = 1} max(-u_p, 0) + sum_{(p,q)} c_pq [x_p =
 * 1, x_q = 0]. u_p > 0 asks for label 1. E is the value of the cut whose source side is label 1. */
struct GridFlowProblem
{
  GridSize size{};
  unsigned neighbours = 6;
  std::span<const std::int32_t> unary; ///< u_p, one value a voxel
  const GridCapacities * capacities = nullptr;
};

struct GridFlowOptions
{
  bool persistency = true; ///< decide voxels whose unary outweighs all their edges before searching
  bool findTies = false;   ///< also find the voxels that may be 0 or 1 at no cost
  bool wideCapacities = false; ///< 32-bit residuals even where 16 bits would hold every capacity
  std::size_t smallestSlab = 1 << 16; ///< voxels a thread gets at least
};

/** What a solve proves: `energy` is measured on the labels, `dualBound` on the flow; equality
 * certifies the optimum. */
struct GridFlowReport
{
  std::int64_t energy = 0;
  std::int64_t dualBound = 0;
  std::size_t searchedVoxels = 0; ///< the band that was left after persistency
  std::size_t tiedVoxels = 0;
  std::size_t bytesPerNode = 0; ///< of address space; pages of decided voxels are never touched
  std::uint64_t augmentations = 0;
  bool wideCapacities = false;
};

/** Values of `labels` after SolveGridFlow. `Tied` only with GridFlowOptions::findTies. */
enum GridFlowLabel : std::uint8_t
{
  GridFlowZero = 0,
  GridFlowOne = 1,
  GridFlowTied = 2 ///< 0 in the returned minimiser; an equally good one has 1
};

/** Exact minimiser of a two-label problem; of all minimisers the one with the fewest voxels of
 * label 1, so that the answer is unique and ties go to label 0.
 *
 * Search trees grow breadth first from all voxels with excess and all with deficit and are repaired
 * after each augmentation (incremental breadth-first search, Goldberg, Hed, Kaplan, Tarjan and
 * Werneck, ESA 2011), on a plain row-major array of residuals: neighbours and the children of a
 * tree node are found by index arithmetic. Voxels decided by persistency never touch their part of
 * that array, so its pages are not even allocated. With several threads, slabs along z are solved
 * apart first and joined by a last search.
 *
 * Memory beyond unary and labels: at most 20 bytes a voxel with 6 neighbours and capacities that
 * fit 16 bits (c_pq + c_qp <= 65535), plus the search fronts. Worst-case time O(n^2 m), in practice
 * close to linear. \throws UsageError for sizes that do not match, ResourceError when |u| + sum of
 * capacities can overflow. */
GridFlowReport
SolveGridFlow(const GridFlowProblem & problem,
              std::span<std::uint8_t> labels,
              const GridFlowOptions & options = {});

/** E(x) of any labelling (values other than 1 count as 0). */
std::int64_t
GridEnergy(const GridFlowProblem & problem, std::span<const std::uint8_t> labels);

} // namespace sulcus
