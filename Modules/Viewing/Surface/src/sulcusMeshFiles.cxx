#include "sulcusMeshFiles.h"

#include "sulcusGltf.h"
#include <sulcusError.h>
#include <sulcusHtml.h>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

namespace sulcus
{
namespace
{

static_assert(std::endian::native == std::endian::little, "the binary formats are written as is");

template <typename T>
void
Append(std::string & bytes, const T & value)
{
  const char * first = reinterpret_cast<const char *>(&value);
  bytes.append(first, sizeof(value));
}

std::string
EncodeStl(const SurfaceMesh & mesh)
{
  std::string bytes = "Sulcus SPACE=LPS millimetres"; // must not begin with "solid"
  bytes.resize(80, ' ');
  Append(bytes, static_cast<std::uint32_t>(mesh.triangles.size()));
  for (const auto & triangle : mesh.triangles)
  {
    SurfaceMesh one;
    for (const auto corner : triangle)
    {
      one.points.push_back(mesh.points[corner]);
    }
    one.triangles.push_back({0, 1, 2});
    ComputeNormals(one);
    Append(bytes, one.normals[0]);
    for (const auto & point : one.points)
    {
      Append(bytes, point);
    }
    Append(bytes, std::uint16_t{0});
  }
  return bytes;
}

struct Totals
{
  std::size_t points = 0;
  std::size_t triangles = 0;
};

Totals
TotalsOf(std::span<const SurfaceMesh> meshes)
{
  Totals totals;
  for (const auto & mesh : meshes)
  {
    totals.points += mesh.points.size();
    totals.triangles += mesh.triangles.size();
  }
  if (totals.points > 0x7fffffffU)
  {
    throw UsageError("surface: more than 2^31 points; reduce them");
  }
  return totals;
}

std::string
EncodePly(std::span<const SurfaceMesh> meshes)
{
  const auto totals = TotalsOf(meshes);
  std::string bytes = fmt::format("ply\nformat binary_little_endian 1.0\ncomment SPACE=LPS\n"
                                  "comment millimetres\nelement vertex {}\n",
                                  totals.points);
  for (const char * name : {"float x", "float y", "float z", "float nx", "float ny", "float nz"})
  {
    bytes += fmt::format("property {}\n", name);
  }
  bytes += fmt::format("property uchar red\nproperty uchar green\nproperty uchar blue\n"
                       "element face {}\nproperty list uchar int vertex_indices\n"
                       "property ushort label\nend_header\n",
                       totals.triangles);
  for (const auto & mesh : meshes)
  {
    for (std::size_t p = 0; p < mesh.points.size(); ++p)
    {
      Append(bytes, mesh.points[p]);
      Append(bytes, mesh.normals[p]);
      Append(bytes, mesh.color);
    }
  }
  std::uint32_t first = 0;
  for (const auto & mesh : meshes)
  {
    for (const auto & triangle : mesh.triangles)
    {
      Append(bytes, std::uint8_t{3});
      for (const auto corner : triangle)
      {
        Append(bytes, first + corner);
      }
      Append(bytes, mesh.label);
    }
    first += static_cast<std::uint32_t>(mesh.points.size());
  }
  return bytes;
}

/** A data array in base64: the length in bytes, then the bytes. */
std::string
VtkArray(const char * type, const char * name, int components, const std::string & content)
{
  std::string block;
  Append(block, static_cast<std::uint64_t>(content.size()));
  block += content;
  return fmt::format("<DataArray type=\"{}\" Name=\"{}\" NumberOfComponents=\"{}\" "
                     "format=\"binary\">{}</DataArray>\n",
                     type,
                     name,
                     components,
                     Base64(std::as_bytes(std::span(block))));
}

std::string
EncodeVtp(std::span<const SurfaceMesh> meshes)
{
  const auto totals = TotalsOf(meshes);
  std::string points;
  std::string normals;
  std::string corners;
  std::string offsets;
  std::string labels;
  std::uint32_t first = 0;
  std::int32_t end = 0;
  for (const auto & mesh : meshes)
  {
    for (std::size_t p = 0; p < mesh.points.size(); ++p)
    {
      Append(points, mesh.points[p]);
      Append(normals, mesh.normals[p]);
    }
    for (const auto & triangle : mesh.triangles)
    {
      for (const auto corner : triangle)
      {
        Append(corners, first + corner);
      }
      Append(offsets, end += 3);
      Append(labels, mesh.label);
    }
    first += static_cast<std::uint32_t>(mesh.points.size());
  }
  return fmt::format(
      "<?xml version=\"1.0\"?>\n<VTKFile type=\"PolyData\" version=\"1.0\" "
      "byte_order=\"LittleEndian\" header_type=\"UInt64\">\n<PolyData>\n<FieldData>\n"
      "<Array type=\"String\" Name=\"SPACE\" NumberOfTuples=\"1\" format=\"ascii\">76 80 83 0"
      "</Array>\n</FieldData>\n<Piece NumberOfPoints=\"{}\" NumberOfPolys=\"{}\" "
      "NumberOfVerts=\"0\" NumberOfLines=\"0\" NumberOfStrips=\"0\">\n"
      "<PointData Normals=\"Normals\">\n{}</PointData>\n<CellData Scalars=\"Label\">\n{}"
      "</CellData>\n<Points>\n{}</Points>\n<Polys>\n{}{}</Polys>\n</Piece>\n</PolyData>\n"
      "</VTKFile>\n",
      totals.points,
      totals.triangles,
      VtkArray("Float32", "Normals", 3, normals),
      VtkArray("UInt16", "Label", 1, labels),
      VtkArray("Float32", "Points", 3, points),
      VtkArray("Int32", "connectivity", 1, corners),
      VtkArray("Int32", "offsets", 1, offsets));
}

std::string
EncodeObj(std::span<const SurfaceMesh> meshes)
{
  std::string text = "# Sulcus\n# SPACE=LPS\n# millimetres\n";
  std::uint32_t first = 1;
  for (const auto & mesh : meshes)
  {
    std::string name = mesh.name.empty() ? fmt::format("label_{}", mesh.label) : mesh.name;
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == 127; }, '_');
    text += fmt::format("o {}\n", name);
    auto end = std::back_inserter(text);
    for (const auto & p : mesh.points)
    {
      fmt::format_to(end, "v {} {} {}\n", p[0], p[1], p[2]);
    }
    for (const auto & n : mesh.normals)
    {
      fmt::format_to(end, "vn {:.4f} {:.4f} {:.4f}\n", n[0], n[1], n[2]);
    }
    for (const auto & t : mesh.triangles)
    {
      fmt::format_to(
          end, "f {0}//{0} {1}//{1} {2}//{2}\n", first + t[0], first + t[1], first + t[2]);
    }
    first += static_cast<std::uint32_t>(mesh.points.size());
  }
  return text;
}

} // namespace

const std::vector<std::string> &
MeshFormatEndings()
{
  static const std::vector<std::string> endings{".stl", ".ply", ".vtp", ".gltf", ".glb", ".obj"};
  return endings;
}

bool
IsMeshName(const std::string & path)
{
  const auto & endings = MeshFormatEndings();
  return std::any_of(
      endings.begin(), endings.end(), [&](const auto & ending) { return path.ends_with(ending); });
}

MeshFormat
MeshFormatOf(const std::string & path)
{
  const auto & endings = MeshFormatEndings();
  for (std::size_t i = 0; i < endings.size(); ++i)
  {
    if (path.ends_with(endings[i]))
    {
      return static_cast<MeshFormat>(i);
    }
  }
  throw UsageError(path + ": no mesh format; endings are .stl, .ply, .vtp, .gltf, .glb, .obj");
}

std::string
EncodeMeshes(std::span<const SurfaceMesh> meshes, MeshFormat format)
{
  if (meshes.empty())
  {
    throw UsageError("surface: no mesh to write");
  }
  TotalsOf(meshes);
  switch (format)
  {
  case MeshFormat::Stl:
    if (meshes.size() > 1)
    {
      throw UsageError(Message("an STL file holds one structure and there are ",
                               meshes.size(),
                               "; choose one, a folder, or another format"));
    }
    return EncodeStl(meshes[0]);
  case MeshFormat::Ply:
    return EncodePly(meshes);
  case MeshFormat::Vtp:
    return EncodeVtp(meshes);
  case MeshFormat::Gltf:
    return EncodeGltf(meshes, false);
  case MeshFormat::Glb:
    return EncodeGltf(meshes, true);
  case MeshFormat::Obj:
    return EncodeObj(meshes);
  }
  throw UsageError("surface: unknown format");
}

} // namespace sulcus
