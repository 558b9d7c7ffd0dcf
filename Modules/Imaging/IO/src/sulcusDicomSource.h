#pragma once

#include "sulcusDicomFrames.h"
#include "sulcusDicomWrite.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** Attributes of patient, study and frame of reference that a derived object inherits, with their
 * representation. */
const std::vector<std::pair<DicomTag, const char *>> &
InheritedAttributes();

/** One frame of the series that a derived object refers to. */
struct SourceInstance
{
  std::string sopClass;
  std::string sopInstance;
  std::uint32_t frame = 0;
  bool multiFrame = false;
  Vector3 position{};
};

/** What a derived object takes over from its source. */
struct SourceSeries
{
  std::map<DicomTag, std::string> attributes;
  std::string study;
  std::string series;
  std::string frameOfReference;
  std::vector<SourceInstance> instances;
};

/** The one image series at a path, or that which the options choose, read in a worker. \throws
 * InputError, GeometryError, UsageError */
SourceSeries
ReadSource(const std::string & path, const DicomWriteOptions & options);

/** The instance whose slice lies at a position, or nullptr. */
const SourceInstance *
InstanceAt(const SourceSeries & source, const Vector3 & position, const Vector3 & normal);

/** HMAC-SHA256 (RFC 2104) of a text as hexadecimal digits. */
std::string
KeyedHash(const std::string & secret, const std::string & text);

/** Names, dates and UIDs go; what is left links objects of one run (or one secret) to each other
 * and to nothing else. An empty secret means a random one. */
void
Deidentify(SourceSeries & source, const std::string & secret);

} // namespace sulcus
