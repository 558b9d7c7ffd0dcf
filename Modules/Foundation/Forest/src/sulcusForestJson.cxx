#include "sulcusRandomForest.h"
#include <sulcusError.h>

#include <nlohmann/json.hpp>

#include <cmath>

namespace sulcus
{
namespace
{

constexpr int FormatVersion = 1;

/** Children come after their parent, so a walk always ends; every leaf has its row of posteriors.
 */
void
CheckTree(const RandomForest::Tree & tree, std::size_t features, unsigned classes)
{
  const auto nodes = static_cast<std::int64_t>(tree.nodes.size());
  const auto leaves = static_cast<std::int64_t>(tree.posteriors.size() / classes);
  bool good = nodes > 0 && tree.posteriors.size() % classes == 0;
  for (std::int64_t i = 0; good && i < nodes; ++i)
  {
    const auto & node = tree.nodes[static_cast<std::size_t>(i)];
    good = node.feature >= 0 ? std::size_t(node.feature) < features && node.next > i &&
                                   node.next + 1 < nodes && std::isfinite(node.threshold)
                             : node.feature == -1 && node.next >= 0 && node.next < leaves;
  }
  for (const auto value : tree.posteriors)
  {
    good = good && value >= 0.0F && value <= 1.0F;
  }
  if (!good)
  {
    throw ModelError("forest: a tree is damaged (child, leaf, feature or posterior out of range)");
  }
}

} // namespace

nlohmann::json
RandomForest::ToJson() const
{
  nlohmann::json json{{"format", "sulcus-forest"},
                      {"version", FormatVersion},
                      {"classes", m_ClassCount},
                      {"importances", m_Importances},
                      {"trees", nlohmann::json::array()}};
  for (const auto & tree : m_Trees)
  {
    std::vector<std::int32_t> features;
    std::vector<std::int32_t> next;
    std::vector<float> thresholds;
    for (const auto & node : tree.nodes)
    {
      features.push_back(node.feature);
      next.push_back(node.next);
      thresholds.push_back(node.threshold);
    }
    json["trees"].push_back({{"feature", features},
                             {"threshold", thresholds},
                             {"next", next},
                             {"posterior", tree.posteriors}});
  }
  return json;
}

RandomForest
RandomForest::FromJson(const nlohmann::json & json)
{
  RandomForest forest;
  try
  {
    if (json.at("format") != "sulcus-forest" || json.at("version") != FormatVersion)
    {
      throw ModelError(Message("forest: expected format sulcus-forest version ", FormatVersion));
    }
    forest.m_ClassCount = json.at("classes").get<unsigned>();
    forest.m_Importances = json.at("importances").get<std::vector<double>>();
    for (const auto & stored : json.at("trees"))
    {
      const auto features = stored.at("feature").get<std::vector<std::int32_t>>();
      const auto next = stored.at("next").get<std::vector<std::int32_t>>();
      const auto thresholds = stored.at("threshold").get<std::vector<float>>();
      Tree tree;
      tree.posteriors = stored.at("posterior").get<std::vector<float>>();
      if (features.size() != next.size() || features.size() != thresholds.size())
      {
        throw ModelError("forest: a tree's lists differ in length");
      }
      for (std::size_t i = 0; i < features.size(); ++i)
      {
        tree.nodes.push_back({features[i], thresholds[i], next[i]});
      }
      forest.m_Trees.push_back(std::move(tree));
    }
  }
  catch (const nlohmann::json::exception & error)
  {
    throw ModelError(Message("forest: ", error.what()));
  }
  if (forest.m_ClassCount == 0 || forest.m_ClassCount > 255 || forest.m_Importances.empty() ||
      forest.m_Trees.empty())
  {
    throw ModelError("forest: no classes, features or trees");
  }
  for (const auto & tree : forest.m_Trees)
  {
    CheckTree(tree, forest.FeatureCount(), forest.m_ClassCount);
  }
  return forest;
}

} // namespace sulcus
