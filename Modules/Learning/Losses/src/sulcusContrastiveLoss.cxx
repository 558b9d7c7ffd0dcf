#include "sulcusContrastiveLoss.h"

#include <sulcusError.h>

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>

namespace sulcus
{
namespace
{

using torch::Tensor;

/** Value and gradient of NT-Xent for unit rows; row i and row (i + n) mod 2n are partners.
 *
 * With E_ij = exp(s_ij - m_i) and row sums r_i, the gradient is (diag(1/r) E z + Eᵀ diag(1/r) z - 2
 * z_partner) / (2nτ), which a sweep over blocks of rows builds from three matrix products, never
 * holding more than one block of E. */
class NtXentFunction : public torch::autograd::Function<NtXentFunction>
{
public:
  static Tensor
  forward(torch::autograd::AutogradContext * context,
          const Tensor & rows,
          double temperature,
          std::int64_t blockRows)
  {
    const std::int64_t count = rows.size(0);
    const std::int64_t pairs = count / 2;
    const Tensor scaled = rows / temperature;
    const Tensor partners = rows.roll(pairs, 0);
    const Tensor transposed = rows.t();
    Tensor gradient = torch::zeros_like(rows);
    Tensor logarithms =
        torch::zeros({}, torch::TensorOptions(torch::kDouble).device(rows.device()));
    // Cosines are at most 1, so 1/τ bounds every row; the row's own maximum is only needed where
    // exp(-2/τ) underflows.
    const bool bounded = 2.0 / temperature < 80.0;
    for (std::int64_t begin = 0; begin < count; begin += blockRows)
    {
      const std::int64_t size = std::min(blockRows, count - begin);
      Tensor block = torch::mm(scaled.narrow(0, begin, size), transposed);
      block.diagonal(begin).fill_(-std::numeric_limits<double>::infinity());
      const Tensor largest = bounded ? Tensor() : block.amax(1, true);
      bounded ? block.sub_(1.0 / temperature) : block.sub_(largest);
      block.exp_();
      const Tensor sums = block.sum(1, true);
      logarithms += (sums.log().to(torch::kDouble) +
                     (bounded ? torch::full({}, 1.0 / temperature, logarithms.options())
                              : largest.to(torch::kDouble)))
                        .sum();
      const Tensor own = rows.narrow(0, begin, size);
      gradient.narrow(0, begin, size).add_(torch::mm(block, rows).div_(sums));
      gradient.addmm_(block.t(), own / sums);
    }
    const Tensor positives = (rows * partners).sum().to(torch::kDouble) / temperature;
    gradient.sub_(partners, 2).div_(static_cast<double>(count) * temperature);
    context->save_for_backward({gradient});
    return ((logarithms - positives) / static_cast<double>(count)).to(rows.scalar_type());
  }

  static torch::autograd::variable_list
  backward(torch::autograd::AutogradContext * context, torch::autograd::variable_list gradients)
  {
    return {context->get_saved_variables()[0] * gradients[0], {}, {}};
  }
};

} // namespace

Tensor
NtXentLoss(const Tensor & first, const Tensor & second, double temperature, std::int64_t blockRows)
{
  if (first.dim() != 2 || first.sizes() != second.sizes() || first.size(0) < 1 || blockRows < 1)
  {
    throw UsageError(Message("NT-Xent: expected two tensors [n, d] of the same shape, got ",
                             torch::str(first.sizes()),
                             " and ",
                             torch::str(second.sizes())));
  }
  if (!(temperature > 0))
  {
    throw UsageError(Message("NT-Xent: the temperature must be positive, got ", temperature));
  }
  const bool isHalf =
      first.scalar_type() == torch::kBFloat16 || first.scalar_type() == torch::kHalf;
  const Tensor joined = torch::cat({first, second});
  const Tensor rows = isHalf ? joined.to(torch::kFloat) : joined;
  const Tensor length = rows.square().sum(1, true).clamp_min(1e-16).sqrt();
  return NtXentFunction::apply(rows / length, temperature, blockRows);
}

} // namespace sulcus
