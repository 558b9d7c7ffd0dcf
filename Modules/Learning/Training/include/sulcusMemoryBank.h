#pragma once

#include "sulcusTensorFile.h"

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace sulcus
{

/** The last rows that were put in, as a ring (negatives of contrastive methods, class prototypes).
 * Rows carry an integer tag, e.g. the case or partition they come from. Rows get no gradient. */
class MemoryBank
{
public:
  MemoryBank(std::int64_t capacity, std::int64_t width, const torch::Device & device);

  /** \param rows float [n, width], \param tags int64 [n]. Of more than `capacity` rows the last
   * ones stay. \throws UsageError on other shapes. */
  void
  Put(const torch::Tensor & rows, const torch::Tensor & tags);

  /** Rows in the bank, [Size(), width]; their order is that of the ring, not of age. */
  torch::Tensor
  Rows() const;
  torch::Tensor
  Tags() const;
  std::int64_t
  Size() const;

  void
  Save(NamedTensors & state, const std::string & prefix) const;
  void
  Load(const NamedTensors & state, const std::string & prefix);

private:
  torch::Tensor m_Rows;
  torch::Tensor m_Tags;
  std::int64_t m_Put = 0; ///< rows ever put in
};

} // namespace sulcus
