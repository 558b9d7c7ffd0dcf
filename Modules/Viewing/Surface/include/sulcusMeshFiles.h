#pragma once

#include "sulcusSurfaceMesh.h"

#include <span>
#include <string>
#include <vector>

namespace sulcus
{

enum class MeshFormat
{
  Stl,  ///< binary; one structure, no colour
  Ply,  ///< binary little-endian, colours at the points, label at the triangles
  Vtp,  ///< VTK XML, array "Label" at the triangles
  Gltf, ///< glTF 2.0 as JSON with its data inside
  Glb,  ///< glTF 2.0, binary
  Obj   ///< text, one object a structure
};

/** Endings with their dots, in the order of the enumeration. */
const std::vector<std::string> &
MeshFormatEndings();

/** True if the name ends in one of them. */
bool
IsMeshName(const std::string & path);

/** \throws UsageError listing the endings */
MeshFormat
MeshFormatOf(const std::string & path);

/** The bytes of a mesh file. All points are LPS millimetres, and the file says so where it can
 * (comment or field SPACE=LPS, as 3D Slicer reads and writes it). glTF, whose unit is the metre and
 * whose y points up, has the same points below a node that turns and scales them: up is the head,
 * forward the patient's front. The same meshes give the same bytes.
 * \throws UsageError for no mesh, or several in a format that cannot tell them apart */
std::string
EncodeMeshes(std::span<const SurfaceMesh> meshes, MeshFormat format);

} // namespace sulcus
