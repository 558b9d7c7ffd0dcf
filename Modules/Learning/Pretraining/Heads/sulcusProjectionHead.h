#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace sulcus
{

/** How g1 sees the bottleneck. */
struct ProjectionHeadOptions
{
  std::int64_t inputs = 0; ///< channels, or channels · voxels of a flattened map
  std::int64_t hidden = 512;
  std::int64_t outputs = 128;
  bool flatten = false; ///< as published for slices; otherwise the global average
  bool hiddenBias = true;
};

/** g1: global average pool (or flattened map), linear, ReLU, linear without bias.
 * [N, C, z, y, x] -> [N, outputs], float. Dropped after pre-training (Chen et al. 2020,
 * section 2.1; volumes: average pool for the published flattening). */
class ProjectionHeadImpl : public torch::nn::Module
{
public:
  explicit ProjectionHeadImpl(const ProjectionHeadOptions & options);

  /** \throws UsageError if a flattened map has another size. */
  torch::Tensor
  forward(const torch::Tensor & features);

private:
  ProjectionHeadOptions m_Options;
  torch::nn::Linear m_Hidden{nullptr};
  torch::nn::Linear m_Output{nullptr};
};
TORCH_MODULE(ProjectionHead);

/** g2: two 1×1×1 convolutions that keep the grid, then a shared linear map without bias of each
 * flattened region (Chaitanya et al. 2020, as released). Dropped after pre-training. */
class RegionHeadImpl : public torch::nn::Module
{
public:
  /** \param regionVoxels K³ */
  RegionHeadImpl(std::int64_t channels, std::int64_t regionVoxels, std::int64_t outputs);

  /** [N, C, z, y, x] -> the same shape, float. */
  torch::Tensor
  Map(const torch::Tensor & features);
  /** [N, A, C·K³] -> [N, A, outputs]. */
  torch::Tensor
  Embed(const torch::Tensor & regions);

private:
  torch::nn::Conv3d m_First{nullptr};
  torch::nn::Conv3d m_Second{nullptr};
  torch::nn::Linear m_Embed{nullptr};
};
TORCH_MODULE(RegionHead);

/** How healthy a batch of embeddings is (Wang and Isola 2020). */
struct EmbeddingHealth
{
  double spread = 0.0; ///< mean over dimensions of the standard deviation of the unit vectors; 1/√d
                       ///< if isotropic
  double alignment = 0.0;  ///< mean squared distance of the two views of one image
  double uniformity = 0.0; ///< log mean exp(-2 |u - v|²) over pairs
};

/** \param first, second embeddings [N, d] of the two views */
EmbeddingHealth
MeasureHealth(const torch::Tensor & first, const torch::Tensor & second);

/** Warns once when the spread of unit embeddings stays below a tenth of the isotropic value. */
class CollapseWatch
{
public:
  /** Adds the figures to a log line. \param dimension d */
  void
  Observe(const EmbeddingHealth & health,
          std::int64_t dimension,
          std::map<std::string, double> & logged);

  bool
  HasCollapsed() const
  {
    return m_Low >= patience;
  }

private:
  static constexpr int patience = 20; ///< steps in a row
  int m_Low = 0;
  bool m_Warned = false;
};

} // namespace sulcus
