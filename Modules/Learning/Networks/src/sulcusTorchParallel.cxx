#include "sulcusTorchParallel.h"

#include <ATen/Parallel.h>

#include <exception>
#include <omp.h>

namespace sulcus
{

void
TorchParallelFor(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)> & body)
{
  const std::int64_t threads = std::min<std::int64_t>(at::get_num_threads(), count);
  if (threads <= 1 || omp_in_parallel())
  {
    body(0, count);
    return;
  }
  std::exception_ptr failure;
#pragma omp parallel num_threads(threads)
  {
    const std::int64_t pieces = omp_get_num_threads();
    const std::int64_t piece = omp_get_thread_num();
    try
    {
      body(piece * count / pieces, (piece + 1) * count / pieces);
    }
    catch (...)
    {
#pragma omp critical
      failure = std::current_exception();
    }
  }
  if (failure)
  {
    std::rethrow_exception(failure);
  }
}

} // namespace sulcus
