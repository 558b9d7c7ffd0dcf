#include "sulcusParcel.h"

#include <sulcusError.h>
#include <sulcusVolumeGeometry.h>

#include <nlohmann/json.hpp>

#include <cstring>

namespace sulcus
{

using nlohmann::json;

Bytes
Pack(const Parcel & parcel)
{
  json text;
  text["size"] = parcel.header.size;
  text["volumes"] = parcel.header.volumes;
  text["type"] = static_cast<int>(parcel.header.voxelType);
  text["matrix"] = parcel.header.lpsFromIndex;
  text["residual"] = parcel.header.repairedResidualInMm;
  text["warnings"] = parcel.header.warnings;
  text["fields"] = parcel.header.fields;
  const auto header = text.dump(-1, ' ', false, json::error_handler_t::replace);
  const std::uint64_t length = header.size();
  Bytes bytes(sizeof(length) + header.size() + parcel.values.size() * sizeof(float));
  std::memcpy(bytes.data(), &length, sizeof(length));
  std::memcpy(bytes.data() + sizeof(length), header.data(), header.size());
  std::memcpy(bytes.data() + sizeof(length) + header.size(),
              parcel.values.data(),
              parcel.values.size() * sizeof(float));
  return bytes;
}

Parcel
Unpack(const Bytes & bytes, const ReadOptions & options, const std::string & path)
{
  std::uint64_t length = 0;
  if (bytes.size() < sizeof(length))
  {
    throw InputError(Message(path, ": the reading process gave no answer"));
  }
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > bytes.size() - sizeof(length))
  {
    throw InputError(Message(path, ": the reading process gave a damaged answer"));
  }
  const auto * const text = reinterpret_cast<const char *>(bytes.data()) + sizeof(length);
  const auto object = json::parse(text, text + length);
  Parcel parcel;
  auto & header = parcel.header;
  header.format = FileFormat::Dicom;
  header.formatName = "DICOM";
  header.size = object.at("size");
  header.volumes = object.at("volumes");
  header.lpsFromIndex = object.at("matrix");
  header.repairedResidualInMm = object.at("residual");
  header.voxelType = VoxelType::Float32;
  header.geometrySource = "slice positions";
  header.warnings = object.at("warnings").get<std::vector<std::string>>();
  header.fields = object.at("fields").get<std::vector<std::pair<std::string, std::string>>>();
  CheckSize(header, options, path);
  CheckGeometry(header, options, path);
  const auto packed = bytes.size() - sizeof(length) - length;
  if (packed != header.DataBytes())
  {
    throw InputError(Message(path, ": the reading process gave a damaged answer"));
  }
  header.voxelType = static_cast<VoxelType>(object.at("type").get<int>());
  parcel.values.resize(packed / sizeof(float));
  std::memcpy(parcel.values.data(), text + length, packed);
  return parcel;
}

} // namespace sulcus
