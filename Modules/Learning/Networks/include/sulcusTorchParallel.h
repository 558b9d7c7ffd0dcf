#pragma once

#include <cstdint>
#include <functional>

namespace sulcus
{

/** Calls body(begin, end) on contiguous pieces of [0, count) from LibTorch's own threads: a second
 * pool would fight with the spinning threads of the convolutions. Pieces depend on count and thread
 * count alone. */
void
TorchParallelFor(std::int64_t count,
                 const std::function<void(std::int64_t begin, std::int64_t end)> & body);

} // namespace sulcus
