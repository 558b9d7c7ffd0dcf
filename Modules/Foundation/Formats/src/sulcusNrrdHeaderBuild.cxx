#include "sulcusTextVolumeHeaders.h"

#include <sstream>
#include <string_view>

namespace sulcus
{

std::string
BuildNrrdHeader(const VolumeHeader & header, bool gzip)
{
  static constexpr std::string_view types[] = {
      "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float", "double"};
  std::ostringstream text;
  text.precision(17);
  const bool list = header.components * header.volumes > 1;
  const auto & m = header.lpsFromIndex;
  text << "NRRD0004\n"
       << "type: " << types[static_cast<int>(header.voxelType)] << "\n"
       << "dimension: " << (list ? 4 : 3) << "\n"
       << "space: left-posterior-superior\n"
       << "sizes: ";
  if (list)
  {
    text << header.components * header.volumes << ' ';
  }
  text << header.size[0] << ' ' << header.size[1] << ' ' << header.size[2] << "\nspace directions:";
  text << (list ? " none" : "");
  for (int axis = 0; axis < 3; ++axis)
  {
    text << " (" << m[0][axis] << ',' << m[1][axis] << ',' << m[2][axis] << ')';
  }
  text << "\nkinds:" << (list ? " list" : "") << " domain domain domain\n"
       << "endian: little\n"
       << "encoding: " << (gzip ? "gzip" : "raw") << "\n"
       << "space origin: (" << m[0][3] << ',' << m[1][3] << ',' << m[2][3] << ")\n";
  for (const auto & [key, value] : header.fields)
  {
    text << key << ":=" << value << '\n';
  }
  text << '\n';
  return text.str();
}

} // namespace sulcus
