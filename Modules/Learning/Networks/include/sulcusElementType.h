#pragma once

#include <sulcusError.h>

#include <c10/core/ScalarType.h>
#include <torch/types.h>

namespace sulcus
{

/** Calls body with a value of the one type among TElements that the tensor's elements have: the way
 * from a tensor to a kernel written for a C++ type. \throws UsageError for any other type. */
template <typename... TElements, typename TBody>
void
WithElement(const torch::Tensor & tensor, const TBody & body)
{
  const auto isMine = [&](auto element)
  {
    if (tensor.scalar_type() != c10::CppTypeToScalarType<decltype(element)>::value)
    {
      return false;
    }
    body(element);
    return true;
  };
  if (!(isMine(TElements{}) || ...))
  {
    throw UsageError(
        Message("no kernel for elements of type ", c10::toString(tensor.scalar_type())));
  }
}

} // namespace sulcus
