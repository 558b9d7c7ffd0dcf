#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace sulcus
{

/** Where tensors live: "cpu", "cuda", "cuda:1", or "auto" (the first GPU if there is one, else the
 * CPU).
 *
 * Programs are linked to LibTorch's CPU part; its GPU part is opened here, at run time, before
 * anything else asks about CUDA (LibTorch caches a "no"). Call it once, early, on the main thread.
 * \throws UsageError for an unknown spelling, ResourceError (exit 6) with the reason when CUDA was
 * asked for and is not to be had. */
torch::Device
ResolveDevice(const std::string & name);

/** LibTorch's threads within one operation, and Sulcus's own. 0 means all cores. Floating-point
 * sums depend on it. */
void
SetTorchThreads(int count);

/** Refuses algorithms whose result changes from run to run (on a GPU: warns where LibTorch has no
 * other). */
void
UseDeterministicAlgorithms();

/** Seeds LibTorch's generators of all devices (dropout, initial weights). */
void
SeedTorch(std::uint64_t seed);

} // namespace sulcus
