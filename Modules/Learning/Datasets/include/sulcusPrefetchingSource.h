#pragma once

#include <sulcusBatch.h>

#include <cstddef>
#include <memory>

namespace sulcus
{

/** Makes the batches of another source ahead of time on background threads, in a bounded queue. The
 * other source must allow At from several threads at once and in any order. Which thread makes a
 * batch cannot change it. Asking for another step than the next one starts anew from there. An
 * error of a batch is thrown when that batch is asked for. */
class PrefetchingSource : public BatchSource
{
public:
  /** \throws UsageError unless both numbers are positive. */
  PrefetchingSource(std::unique_ptr<BatchSource> source, std::size_t threads, std::size_t depth);
  /** Waits for batches that are being made; none is left running. */
  ~PrefetchingSource() override;

  Batch
  At(std::int64_t step) override;

private:
  struct State;
  std::unique_ptr<State> m_State;
};

} // namespace sulcus
