#pragma once

#include "sulcusGridFlow.h"

namespace sulcus
{

/** Cost of giving a label to a voxel, produced on request for a run of voxels. */
class LabelCosts
{
public:
  virtual ~LabelCosts() = default;
  /** Costs of voxels first ... first + count - 1; each at least 0. Called from several threads at
   * once. */
  virtual void
  Costs(unsigned label, std::size_t first, std::size_t count, std::int32_t * costs) const = 0;
};

/** Costs kept in one array a label. */
class StoredLabelCosts : public LabelCosts
{
public:
  explicit StoredLabelCosts(std::vector<std::vector<std::int32_t>> costsOfLabel)
      : m_CostsOfLabel(std::move(costsOfLabel))
  {
  }
  void
  Costs(unsigned label, std::size_t first, std::size_t count, std::int32_t * costs) const override;

private:
  std::vector<std::vector<std::int32_t>> m_CostsOfLabel;
};

/** Potts problem on a grid: minimise sum_p D_p(l_p) + sum_{(p,q)} w_pq [l_p != l_q]. The weights
 * are the forward capacities; backward ones are ignored. */
struct ExpansionProblem
{
  GridSize size{};
  unsigned neighbours = 6;
  unsigned labelCount = 2; ///< at most 255
  const LabelCosts * costs = nullptr;
  const GridCapacities * weights = nullptr;
};

struct ExpansionOptions
{
  unsigned maxSweeps = 50;
  unsigned boundRounds =
      0; ///< rounds of ascent on the dual bound; 0: none. Two labels always get theirs
  bool keepStart =
      false; ///< start from the labels given instead of the cheapest label of each voxel
};

struct ExpansionReport
{
  std::int64_t energy = 0;
  std::int64_t dualBound = 0; ///< no labelling costs less
  bool hasDualBound = false;
  bool isOptimal = false; ///< two labels, or energy equals the bound
  unsigned sweeps = 0;
  std::vector<std::int64_t>
      energyAfterMove; ///< starts with the energy of the start; never increases
};

/** Expansion moves (Boykov, Veksler and Zabih 2001): each is an exact cut, labels in ascending
 * order, until a whole round of labels improves nothing. For two labels one cut gives the optimum.
 * For more the result is at most twice the optimum, in practice within a fraction of a percent:
 * `dualBound` says how far at most.
 *
 * The bound relaxes "exactly one label a voxel" (Lagrange multipliers mu_p): sum_p mu_p plus, for
 * every label, an exact cut of label against rest with half the weights; mu starts between the two
 * cheapest labels, which is tight for two labels, and follows subgradients. Ties go to the lower
 * label at the start, later to the label in place. \throws UsageError, ResourceError as
 * SolveGridFlow does. */
ExpansionReport
SolveByExpansion(const ExpansionProblem & problem,
                 std::span<std::uint8_t> labels,
                 const ExpansionOptions & options = {});

std::int64_t
PottsEnergy(const ExpansionProblem & problem, std::span<const std::uint8_t> labels);

/** Least energy with one voxel held at 0 and at 1: two solves. */
std::array<std::int64_t, 2>
MinMarginals(const GridFlowProblem & problem, std::size_t voxel);

} // namespace sulcus
