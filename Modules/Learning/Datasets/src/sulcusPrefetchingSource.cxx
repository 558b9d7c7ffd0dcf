#include "sulcusPrefetchingSource.h"

#include <sulcusError.h>

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace sulcus
{

struct PrefetchingSource::State
{
  struct Made
  {
    Batch batch;
    std::exception_ptr failure;
  };

  State(std::unique_ptr<BatchSource> given, std::size_t threadCount, std::size_t givenDepth)
      : source(std::move(given)), depth(static_cast<std::int64_t>(givenDepth))
  {
    for (std::size_t i = 0; i < threadCount; ++i)
    {
      threads.emplace_back([this](std::stop_token stop) { Work(stop); });
    }
  }

  ~State()
  {
    for (auto & thread : threads)
    {
      thread.request_stop();
    }
    threads.clear(); // joins before the members that the threads use go
  }

  void
  Work(const std::stop_token & stop)
  {
    std::unique_lock lock(guard);
    while (changed.wait(lock, stop, [this] { return started && next < wanted + depth; }) &&
           !stop.stop_requested())
    {
      const auto step = next++;
      const auto mine = generation;
      lock.unlock();
      Made made;
      try
      {
        made.batch = source->At(step);
      }
      catch (...)
      {
        made.failure = std::current_exception(); // thrown when this step is asked for
      }
      lock.lock();
      if (mine == generation)
      {
        ready.emplace(step, std::move(made));
        changed.notify_all();
      }
    }
  }

  std::unique_ptr<BatchSource> source;
  std::int64_t depth;
  std::mutex guard;
  std::condition_variable_any changed;
  std::map<std::int64_t, Made> ready;
  std::int64_t next = 0;   ///< to be made
  std::int64_t wanted = 0; ///< to be handed out
  std::uint64_t generation = 0;
  bool started = false;
  std::vector<std::jthread> threads;
};

PrefetchingSource::PrefetchingSource(std::unique_ptr<BatchSource> source,
                                     std::size_t threads,
                                     std::size_t depth)
{
  if (threads == 0 || depth == 0)
  {
    throw UsageError("prefetching needs at least one thread and one batch");
  }
  m_State = std::make_unique<State>(std::move(source), threads, depth);
}

PrefetchingSource::~PrefetchingSource() = default;

Batch
PrefetchingSource::At(std::int64_t step)
{
  auto & state = *m_State;
  std::unique_lock lock(state.guard);
  if (!state.started || step != state.wanted)
  {
    state.started = true;
    state.ready.clear();
    state.next = state.wanted = step;
    ++state.generation;
  }
  state.changed.notify_all();
  state.changed.wait(lock, [&] { return state.ready.contains(step); });
  auto made = std::move(state.ready.at(step));
  state.ready.erase(step);
  state.wanted = step + 1;
  state.changed.notify_all();
  lock.unlock();
  if (made.failure)
  {
    std::rethrow_exception(made.failure);
  }
  return std::move(made.batch);
}

} // namespace sulcus
