#pragma once

#include "sulcusVolumeHeader.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sulcus
{

/** Fields of a NRRD header by their one spelling. */
using NrrdFields = std::map<std::string, std::string, std::less<>>;

/** ASCII letters alone; the locale does not matter. */
std::string
LowerCase(std::string_view text);

/** \throws InputError if there is no such field */
const std::string &
RequireNrrdField(const NrrdFields & fields, const std::string & name, const std::string & path);

/** Sizes and the matrix in LPS from space, directions and origin; an axis that is not in space
 * becomes components or volumes. \throws InputError for damaged fields, GeometryError where the
 * place is not stated */
void
SetNrrdGeometry(const NrrdFields & fields,
                const std::vector<std::uint64_t> & sizes,
                VolumeHeader & header,
                const VolumeReadOptions & options,
                const std::string & path);

} // namespace sulcus
