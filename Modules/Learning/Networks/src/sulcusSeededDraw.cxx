#include "sulcusSeededDraw.h"

#include <ATen/CPUGeneratorImpl.h>

namespace sulcus
{

SeededDraw::SeededDraw(std::uint64_t seed)
    : m_Generator(at::detail::getDefaultCPUGenerator()), m_Before(m_Generator.get_state())
{
  m_Generator.set_current_seed(seed);
}

SeededDraw::~SeededDraw()
{
  m_Generator.set_state(m_Before);
}

} // namespace sulcus
