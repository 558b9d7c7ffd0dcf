#pragma once

#include "sulcusSurfaceMesh.h"

#include <span>
#include <string>

namespace sulcus
{

/** glTF 2.0: JSON with its data in base64, or the binary container. */
std::string
EncodeGltf(std::span<const SurfaceMesh> meshes, bool binary);

} // namespace sulcus
