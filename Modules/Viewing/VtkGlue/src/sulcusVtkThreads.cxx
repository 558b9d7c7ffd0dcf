#include "sulcusVtkThreads.h"

#include <vtkSMPTools.h>

namespace sulcus
{

void
SetVtkThreads(int count)
{
  vtkSMPTools::Initialize(count);
}

} // namespace sulcus
