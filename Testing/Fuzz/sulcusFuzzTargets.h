#pragma once

#include <sulcusByteSource.h>

#include <string>
#include <vector>

namespace sulcus
{

/** One parser under test: takes any bytes, must return or throw a sulcus::Error, and must not
 * crash, hang or leak. */
struct FuzzTarget
{
  std::string name;
  void (*run)(ByteView bytes);
  Bytes (*seed)(); ///< a sound input to start from
};

const std::vector<FuzzTarget> &
FuzzTargets();

} // namespace sulcus
