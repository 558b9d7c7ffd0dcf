#include "sulcusMemoryBank.h"

#include <sulcusError.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

namespace sulcus
{

MemoryBank::MemoryBank(std::int64_t capacity, std::int64_t width, const torch::Device & device)
{
  if (capacity <= 0 || width <= 0)
  {
    throw UsageError(Message(
        "memory bank: capacity and width must be positive, got ", capacity, " and ", width));
  }
  m_Rows = torch::zeros({capacity, width}, torch::TensorOptions(torch::kFloat).device(device));
  m_Tags = torch::zeros({capacity}, torch::TensorOptions(torch::kLong).device(device));
}

void
MemoryBank::Put(const torch::Tensor & rows, const torch::Tensor & tags)
{
  if (rows.dim() != 2 || rows.size(1) != m_Rows.size(1) || tags.dim() != 1 ||
      tags.size(0) != rows.size(0))
  {
    throw UsageError(Message("memory bank: expected rows [n, ",
                             m_Rows.size(1),
                             "] and n tags, got ",
                             rows.sizes(),
                             " and ",
                             tags.sizes()));
  }
  const torch::NoGradGuard guard;
  const std::int64_t capacity = m_Rows.size(0);
  const std::int64_t count = std::min(rows.size(0), capacity);
  const std::int64_t skipped = rows.size(0) - count;
  const std::int64_t begin = (m_Put + skipped) % capacity;
  const std::int64_t first = std::min(count, capacity - begin);
  const auto place = [&](const torch::Tensor & bank, const torch::Tensor & values)
  {
    bank.narrow(0, begin, first).copy_(values.narrow(0, skipped, first));
    bank.narrow(0, 0, count - first).copy_(values.narrow(0, skipped + first, count - first));
  };
  place(m_Rows, rows.detach());
  place(m_Tags, tags);
  m_Put += rows.size(0);
}

torch::Tensor
MemoryBank::Rows() const
{
  return m_Rows.narrow(0, 0, Size());
}

torch::Tensor
MemoryBank::Tags() const
{
  return m_Tags.narrow(0, 0, Size());
}

std::int64_t
MemoryBank::Size() const
{
  return std::min(m_Put, m_Rows.size(0));
}

void
MemoryBank::Save(NamedTensors & state, const std::string & prefix) const
{
  state[prefix + "rows"] = m_Rows;
  state[prefix + "tags"] = m_Tags;
  state[prefix + "put"] = torch::tensor({m_Put}, torch::kLong);
}

void
MemoryBank::Load(const NamedTensors & state, const std::string & prefix)
{
  CopyTensor(state, prefix + "rows", m_Rows);
  CopyTensor(state, prefix + "tags", m_Tags);
  const auto put = torch::empty({1}, torch::kLong);
  CopyTensor(state, prefix + "put", put);
  m_Put = put.item<std::int64_t>();
}

} // namespace sulcus
