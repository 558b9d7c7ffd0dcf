#pragma once

#include <sulcusSegmentationNetwork.h>

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace sulcus
{

/** How often the nearest neighbour in another volume shows the same partition. */
struct Retrieval
{
  double accuracy = 0.0;
  std::int64_t queries = 0; ///< rows that have a row of another volume
};

/** Nearest by cosine; ties go to the lower row. \param embeddings [N, d] \param volume, partition
 * int64 [N]. O(N² d). \throws UsageError if no two rows are of different volumes. */
Retrieval
PartitionRetrieval(const torch::Tensor & embeddings,
                   const torch::Tensor & volume,
                   const torch::Tensor & partition);

/** Rows in the coordinates of their largest variance. */
struct PrincipalComponents
{
  torch::Tensor scores;          ///< double [N, count]
  std::vector<double> explained; ///< share of the variance of each; 0 where there is none
};

/** Each component points where its largest loading is positive. \throws UsageError for fewer than
 * two rows or more components than there can be. */
PrincipalComponents
FindPrincipalComponents(const torch::Tensor & rows, std::int64_t count);

struct LinearProbeOptions
{
  double decay = 1e-3; ///< of the weights, for standardised features
  int iterations = 300;
};

/** A softmax classifier on standardised features. */
struct LinearProbe
{
  torch::Tensor mean;   ///< float [F]
  torch::Tensor scale;  ///< float [F], 1 where a feature is constant
  torch::Tensor weight; ///< float [F, K]
  torch::Tensor bias;   ///< float [K]

  /** [..., F] -> [..., K] */
  torch::Tensor
  Logits(const torch::Tensor & features) const;
};

/** Minimises the mean cross-entropy + decay/2 · |weight|² by accelerated gradient descent
 * (Nesterov) with the step that the softmax's curvature allows. Starts at 0; nothing is drawn.
 * \param features [N, F] \param labels int64 [N] in [0, classes) \throws UsageError unless there
 * are two classes and a sample. */
LinearProbe
FitLinearProbe(const torch::Tensor & features,
               const torch::Tensor & labels,
               std::int64_t classes,
               const LinearProbeOptions & options = {});

/** What a patch is to the encoder: the average of the bottleneck, [N, C, z, y, x] -> float [N, d].
 * No graph. */
torch::Tensor
PatchEmbeddings(SegmentationNetwork & network, const torch::Tensor & images);

/** What a voxel is to the frozen network: the values of all encoder maps and of the first
 * `decoderBlocks` decoder maps at its place (nearest), [N, C, z, y, x] -> float [N, F, z, y, x]. No
 * graph. */
torch::Tensor
VoxelFeatures(SegmentationNetwork & network, const torch::Tensor & images, int decoderBlocks);

} // namespace sulcus
