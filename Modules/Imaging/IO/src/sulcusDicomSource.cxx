#include "sulcusDicomSource.h"

#include "sulcusDicomScan.h"
#include "sulcusDicomVolume.h"
#include "sulcusWorker.h"
#include <sulcusAtomicFile.h>
#include <sulcusDicomBuilder.h>
#include <sulcusError.h>
#include <sulcusSha256.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <span>

namespace sulcus
{

namespace
{

using nlohmann::json;

constexpr double SamePlaceInMm = 0.02;

/** Texts of a file may be in any character set, which JSON cannot hold. */
std::string
HexOfBytes(const std::string & bytes)
{
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes)
  {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4];
    text += digits[value & 15];
  }
  return text;
}

std::string
BytesOfHex(const std::string & digits)
{
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
  {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::vector<DicomFrame>
FramesOfVolume(const std::vector<DicomFrame> & frames,
               std::optional<std::uint64_t> volume,
               const std::string & path)
{
  if (!volume)
  {
    return frames;
  }
  ReadOptions options;
  options.resampleIrregular = true; // nothing is resampled: frames are named where they are
  std::vector<std::string> warningsOfReading;
  const auto stacks = MakeStacks(frames, options, path, warningsOfReading);
  if (*volume >= stacks.size())
  {
    throw UsageError(Message(path,
                             ": volume ",
                             *volume,
                             " asked for, the series has ",
                             stacks.size(),
                             " (counted from 0)"));
  }
  return stacks[*volume].frames;
}

Bytes
DescribeSource(const std::string & path, const DicomWriteOptions & choice)
{
  ReadOptions options;
  options.series = choice.sourceSeries;
  const auto scan = ScanDicom(path);
  const auto & chosen = ChooseSeries(scan, DicomSeriesSummary::Kind::Image, options, path);
  const auto frames = FramesOfVolume(chosen.frames, choice.sourceVolume, path);
  json result;
  result["instances"] = json::array();
  for (std::size_t number = 0; number < chosen.paths.size(); ++number)
  {
    const DicomFile file(ReadWholeFile(chosen.paths[number]), chosen.paths[number]);
    const auto & data = file.Data();
    if (number == 0)
    {
      for (const auto & [tag, representation] : InheritedAttributes())
      {
        result["attributes"].push_back({tag, HexOfBytes(data.Text(tag))});
      }
      result["study"] = data.Text(dicom::StudyInstanceUid);
      result["series"] = data.Text(dicom::SeriesInstanceUid);
      result["for"] = data.Text(dicom::FrameOfReferenceUid);
    }
    for (const auto & frame : frames)
    {
      if (frame.file == number)
      {
        result["instances"].push_back({{"class", data.Text(dicom::SopClassUid)},
                                       {"uid", data.Text(dicom::SopInstanceUid)},
                                       {"frame", frame.frame},
                                       {"multi", data.Find(dicom::NumberOfFrames) != nullptr},
                                       {"position", frame.position}});
      }
    }
  }
  const auto text = result.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string
RandomSecret()
{
  std::string secret(32, '\0');
  std::ifstream stream("/dev/urandom", std::ios::binary);
  stream.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (!stream)
  {
    throw RuntimeError("no random numbers for de-identification");
  }
  return secret;
}

} // namespace

const std::vector<std::pair<DicomTag, const char *>> &
InheritedAttributes()
{
  static const std::vector<std::pair<DicomTag, const char *>> attributes = {
      {dicom::SpecificCharacterSet, "CS"},
      {dicom::StudyDate, "DA"},
      {dicom::StudyTime, "TM"},
      {dicom::AccessionNumber, "SH"},
      {dicom::ReferringPhysician, "PN"},
      {dicom::StudyDescription, "LO"},
      {dicom::PatientName, "PN"},
      {dicom::PatientId, "LO"},
      {dicom::PatientBirthDate, "DA"},
      {dicom::PatientSex, "CS"},
      {dicom::StudyId, "SH"}};
  return attributes;
}

SourceSeries
ReadSource(const std::string & path, const DicomWriteOptions & options)
{
  const auto answer = RunInWorker([&]() { return DescribeSource(path, options); }, path);
  const auto * const text = reinterpret_cast<const char *>(answer.data());
  const auto object = json::parse(text, text + answer.size());
  SourceSeries source;
  for (const auto & attribute : object.at("attributes"))
  {
    source.attributes[attribute.at(0)] = BytesOfHex(attribute.at(1));
  }
  source.study = object.at("study");
  source.series = object.at("series");
  source.frameOfReference = object.at("for");
  if (source.frameOfReference.empty()) // old scanners leave it out; a segmentation may not
  {
    source.frameOfReference = UidFromText(source.series + " frame of reference");
  }
  for (const auto & item : object.at("instances"))
  {
    source.instances.push_back({item.at("class"),
                                item.at("uid"),
                                item.at("frame"),
                                item.at("multi"),
                                item.at("position")});
  }
  return source;
}

const SourceInstance *
InstanceAt(const SourceSeries & source, const Vector3 & position, const Vector3 & normal)
{
  for (const auto & instance : source.instances)
  {
    const Vector3 difference{instance.position[0] - position[0],
                             instance.position[1] - position[1],
                             instance.position[2] - position[2]};
    if (std::abs(Dot(difference, normal)) <= SamePlaceInMm)
    {
      return &instance;
    }
  }
  return nullptr;
}

std::string
KeyedHash(const std::string & secret, const std::string & text)
{
  std::string key = secret.size() > 64 ? BytesOfHex(Sha256OfText(secret)) : secret;
  key.resize(64, '\0');
  std::string inner = key;
  std::string outer = key;
  for (std::size_t i = 0; i < 64; ++i)
  {
    inner[i] = static_cast<char>(inner[i] ^ 0x36);
    outer[i] = static_cast<char>(outer[i] ^ 0x5c);
  }
  return Sha256OfText(outer + BytesOfHex(Sha256OfText(inner + text)));
}

void
Deidentify(SourceSeries & source, const std::string & secret)
{
  const auto key = secret.empty() ? RandomSecret() : secret;
  const auto hashed = [&](std::string & uid)
  { uid = uid.empty() ? uid : UidFromText(KeyedHash(key, uid)); };
  source.attributes.clear();
  hashed(source.study);
  hashed(source.series);
  hashed(source.frameOfReference);
  for (auto & instance : source.instances)
  {
    hashed(instance.sopInstance);
  }
}

} // namespace sulcus
