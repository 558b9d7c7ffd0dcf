#pragma once

#include <torch/types.h>

namespace sulcus
{

/** Processes that train together, each on its share of every batch. All of them make the same calls
 * in the same order. \throws ProcessesLost where another process is gone or does not answer. */
class ProcessGroup
{
public:
  virtual ~ProcessGroup() = default;

  virtual int
  Rank() const = 0;
  virtual int
  Size() const = 0;

  /** Element-wise sum over all processes, in place; the same bits on every process. \param tensor
   * contiguous, of a floating-point type or int64, on any device */
  virtual void
  Sum(torch::Tensor & tensor) = 0;

  /** The values of process 0, in place. */
  virtual void
  Broadcast(torch::Tensor & tensor) = 0;
};

/** Makes a group the one that losses and step rules see as long as the object lives. A null group
 * changes nothing. Not for several threads at once. */
class ProcessScope
{
public:
  explicit ProcessScope(ProcessGroup * group);
  ProcessScope(const ProcessScope &) = delete;
  ProcessScope &
  operator=(const ProcessScope &) = delete;
  ~ProcessScope();

private:
  ProcessGroup * m_Before;
};

/** nullptr: this process is alone. */
ProcessGroup *
CurrentProcesses();

// Every process makes its own part of a loss, and the gradients are averaged over the processes
// afterwards. A mean over samples needs nothing more. Where a batch is coupled, these functions
// give every process the value over the whole batch; they pass a gradient back multiplied by the
// number of processes, so that the average of all is exactly the gradient of the whole. Alone they
// return their argument.

/** Σ over processes, differentiable. */
torch::Tensor
SumOverProcesses(const torch::Tensor & value);

/** Σ over processes / their number, for normalisers: (own numerator) / (mean normaliser), averaged
 * over the processes, is (all numerators) / (all normalisers). Differentiable. */
torch::Tensor
MeanOverProcesses(const torch::Tensor & value);

/** The rows of all processes, process by process: [n, …] -> [processes · n, …]. Differentiable; n
 * must be the same everywhere. */
torch::Tensor
GatherRows(const torch::Tensor & rows);

} // namespace sulcus
