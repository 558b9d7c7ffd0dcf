#include "sulcusGltf.h"

#include <sulcusHtml.h>
#include <sulcusRunRecord.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

using Json = nlohmann::ordered_json;

enum GltfConstant
{
  ArrayBuffer = 34962,
  ElementArrayBuffer = 34963,
  Float = 5126,
  UnsignedInt = 5125
};

template <typename T>
void
Append(std::string & bytes, const T & value)
{
  bytes.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

/** Builds the JSON part and the data it points into. */
class GltfBuilder
{
public:
  GltfBuilder()
  {
    m_Json["asset"] = {{"version", "2.0"},
                       {"generator", "Sulcus " + Version()},
                       {"extras", {{"SPACE", "LPS"}, {"unit", "mm"}}}};
    m_Json["scene"] = 0;
    m_Json["scenes"] = Json::array({{{"nodes", {0}}}});
    // From LPS millimetres to metres with y to the head and z to the front, column by column.
    m_Json["nodes"] =
        Json::array({{{"name", "LPS millimetres"},
                      {"matrix", {1e-3, 0, 0, 0, 0, 0, -1e-3, 0, 0, 1e-3, 0, 0, 0, 0, 0, 1}},
                      {"children", Json::array()}}});
  }

  void
  Add(const SurfaceMesh & mesh)
  {
    const auto position = AddVectors(mesh.points);
    std::array<float, 3> lowest = mesh.points.at(0);
    std::array<float, 3> highest = mesh.points.at(0);
    for (const auto & point : mesh.points)
    {
      for (std::size_t i = 0; i < 3; ++i)
      {
        lowest[i] = std::min(lowest[i], point[i]);
        highest[i] = std::max(highest[i], point[i]);
      }
    }
    m_Json["accessors"][position]["min"] = lowest;
    m_Json["accessors"][position]["max"] = highest;
    const auto normal = AddVectors(mesh.normals);
    const auto corners = AddTriangles(mesh);
    const auto material = AddMaterial(mesh);
    const auto name = mesh.name.empty() ? "label " + std::to_string(mesh.label) : mesh.name;
    m_Json["nodes"][0]["children"].push_back(m_Json["nodes"].size());
    m_Json["nodes"].push_back(
        {{"name", name}, {"mesh", m_Meshes++}, {"extras", {{"label", mesh.label}}}});
    m_Json["meshes"].push_back(
        {{"name", name},
         {"primitives",
          Json::array({{{"attributes", {{"POSITION", position}, {"NORMAL", normal}}},
                        {"indices", corners},
                        {"material", material}}})}});
  }

  std::string
  Text()
  {
    m_Json["buffers"] = Json::array(
        {{{"byteLength", m_Data.size()},
          {"uri",
           "data:application/octet-stream;base64," + Base64(std::as_bytes(std::span(m_Data)))}}});
    return Dump() + "\n";
  }

  std::string
  Binary()
  {
    m_Json["buffers"] = Json::array({{{"byteLength", m_Data.size()}}});
    auto json = Dump();
    json.resize((json.size() + 3) / 4 * 4, ' ');
    std::string file = "glTF";
    Append(file, std::uint32_t{2});
    Append(file, static_cast<std::uint32_t>(12 + 8 + json.size() + 8 + m_Data.size()));
    Append(file, static_cast<std::uint32_t>(json.size()));
    file += "JSON" + json;
    Append(file, static_cast<std::uint32_t>(m_Data.size()));
    file.append("BIN\0", 4);
    return file + m_Data;
  }

private:
  std::string
  Dump() const
  {
    return m_Json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  /** \returns the number of the new accessor */
  std::size_t
  AddView(std::size_t first, int target, int type, const char * shape, std::size_t count)
  {
    m_Json["bufferViews"].push_back({{"buffer", 0},
                                     {"byteOffset", first},
                                     {"byteLength", m_Data.size() - first},
                                     {"target", target}});
    m_Json["accessors"].push_back(
        {{"bufferView", m_Views++}, {"componentType", type}, {"count", count}, {"type", shape}});
    return m_Views - 1;
  }

  std::size_t
  AddVectors(const std::vector<std::array<float, 3>> & vectors)
  {
    const std::size_t first = m_Data.size();
    for (const auto & vector : vectors)
    {
      Append(m_Data, vector);
    }
    return AddView(first, ArrayBuffer, Float, "VEC3", vectors.size());
  }

  std::size_t
  AddTriangles(const SurfaceMesh & mesh)
  {
    const std::size_t first = m_Data.size();
    for (const auto & triangle : mesh.triangles)
    {
      Append(m_Data, triangle);
    }
    return AddView(first, ElementArrayBuffer, UnsignedInt, "SCALAR", 3 * mesh.triangles.size());
  }

  std::size_t
  AddMaterial(const SurfaceMesh & mesh)
  {
    const auto linear = [](std::uint8_t value) { return std::pow(value / 255.0, 2.2); };
    m_Json["materials"].push_back(
        {{"name", mesh.name},
         {"pbrMetallicRoughness",
          {{"baseColorFactor",
            {linear(mesh.color[0]), linear(mesh.color[1]), linear(mesh.color[2]), 1.0}},
           {"metallicFactor", 0.0},
           {"roughnessFactor", 0.7}}}});
    return m_Materials++;
  }

  Json m_Json;
  std::string m_Data;
  std::size_t m_Views = 0;
  std::size_t m_Meshes = 0;
  std::size_t m_Materials = 0;
};

} // namespace

std::string
EncodeGltf(std::span<const SurfaceMesh> meshes, bool binary)
{
  GltfBuilder builder;
  for (const auto & mesh : meshes)
  {
    builder.Add(mesh);
  }
  return binary ? builder.Binary() : builder.Text();
}

} // namespace sulcus
