#include "sulcusThreads.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace sulcus
{
namespace
{

std::atomic<int> threadCount{0};
thread_local bool insideParallelLoop = false;

/** Runs task(k) for k in [0, workers), one thread each, the first on the calling thread. */
void
RunWorkers(std::size_t workers, const std::function<void(std::size_t)> & task)
{
  std::vector<std::exception_ptr> failures(workers);
  const auto guarded = [&](std::size_t worker)
  {
    insideParallelLoop = true;
    try
    {
      task(worker);
    }
    catch (...)
    {
      failures[worker] = std::current_exception(); // rethrown below, on the calling thread
    }
    insideParallelLoop = false;
  };
  std::vector<std::jthread> threads;
  for (std::size_t worker = 1; worker < workers; ++worker)
  {
    threads.emplace_back(guarded, worker);
  }
  guarded(0);
  threads.clear();
  for (const auto & failure : failures)
  {
    if (failure)
    {
      std::rethrow_exception(failure);
    }
  }
}

} // namespace

void
SetThreadCount(int count)
{
  threadCount = std::max(0, count);
}

int
GetThreadCount()
{
  const int set = threadCount;
  return set > 0 ? set : std::max(1U, std::thread::hardware_concurrency());
}

void
ParallelFor(std::size_t count,
            const std::function<void(std::size_t, std::size_t)> & body,
            std::size_t smallestPiece)
{
  const std::size_t most =
      std::max<std::size_t>(1, count / std::max<std::size_t>(1, smallestPiece));
  const std::size_t pieces =
      std::min<std::size_t>(static_cast<std::size_t>(GetThreadCount()), most);
  if (count == 0)
  {
    return;
  }
  if (pieces <= 1 || insideParallelLoop)
  {
    body(0, count);
    return;
  }
  RunWorkers(pieces, [&](std::size_t k) { body(k * count / pieces, (k + 1) * count / pieces); });
}

void
ParallelForEach(std::size_t count, const std::function<void(std::size_t)> & body)
{
  const std::size_t workers =
      std::min<std::size_t>(static_cast<std::size_t>(GetThreadCount()), count);
  if (workers <= 1 || insideParallelLoop)
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      body(i);
    }
    return;
  }
  std::atomic<std::size_t> next{0};
  RunWorkers(workers,
             [&](std::size_t)
             {
               for (std::size_t i = next++; i < count; i = next++)
               {
                 body(i);
               }
             });
}

} // namespace sulcus
