#pragma once

#include <chrono>
#include <string>
#include <vector>

// LibTorch holds Gloo inside but ships no Gloo header. These are the names that
// torch/csrc/distributed/c10d/ProcessGroupGloo.hpp mentions: enough to make a process group, whose
// parts stay behind pointers.

namespace gloo
{

class Context
{
public:
  void
  setTimeout(std::chrono::milliseconds timeout);
};

namespace transport
{
class Device;
class UnboundBuffer;
} // namespace transport

namespace rendezvous
{
class Store
{
public:
  virtual ~Store();
  virtual void
  set(const std::string & key, const std::vector<char> & value) = 0;
  virtual std::vector<char>
  get(const std::string & key) = 0;
  virtual void
  wait(const std::vector<std::string> & keys) = 0;
  virtual void
  wait(const std::vector<std::string> & keys, const std::chrono::milliseconds & timeout) = 0;
};
} // namespace rendezvous

} // namespace gloo
