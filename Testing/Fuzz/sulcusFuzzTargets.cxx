#include "sulcusFuzzTargets.h"

#include <sulcusConfigurationFile.h>
#include <sulcusDicomBuilder.h>
#include <sulcusDicomData.h>
#include <sulcusError.h>
#include <sulcusGzipWriter.h>
#include <sulcusJson.h>
#include <sulcusNiftiHeader.h>
#include <sulcusParameters.h>
#include <sulcusPlan.h>
#include <sulcusSafeTensors.h>
#include <sulcusSegmentInfo.h>
#include <sulcusTextVolumeHeaders.h>
#include <sulcusVolumeFile.h>

#include <nlohmann/json.hpp>

#include <bit>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace sulcus
{

namespace
{

/** Small, so that a lie about sizes costs nothing. */
VolumeReadOptions
SmallBudget()
{
  VolumeReadOptions options;
  options.memoryBudgetInBytes = std::uint64_t{1} << 22;
  options.fixNonOrthogonal = true;
  return options;
}

void
ReadAndDecode(ByteView bytes)
{
  const auto options = SmallBudget();
  auto file = ReadVolumeFile(bytes, "fuzz", options);
  std::vector<float> values(file.header.VoxelCount());
  DecodeFloats(file, 0, 0, values, options, "fuzz");
  std::vector<std::uint16_t> labels(file.header.VoxelCount());
  DecodeLabels(file, 0, 0, labels, "fuzz");
}

VolumeHeader
SampleHeader()
{
  VolumeHeader header;
  header.size = {4, 3, 2};
  header.voxelType = VoxelType::Int16;
  header.lpsFromIndex = {{{1, 0, 0, 5}, {0, 1.5, 0, 6}, {0, 0, 2, 7}, {0, 0, 0, 1}}};
  return header;
}

Bytes
Join(Bytes head, const Bytes & tail)
{
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

Bytes
FromText(const std::string & text)
{
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Bytes
NiftiSeed()
{
  return Join(BuildNiftiHeader(SampleHeader()), Bytes(48));
}

Bytes
GzipSeed()
{
  Bytes packed;
  WriteGzip({NiftiSeed()},
            6,
            [&](ByteView part) { packed.insert(packed.end(), part.begin(), part.end()); });
  return packed;
}

Bytes
NrrdSeed()
{
  auto header = SampleHeader();
  header.fields = FieldsOfSegments({DefaultSegment(1)}, header.size);
  return Join(FromText(BuildNrrdHeader(header, false)), Bytes(48));
}

Bytes
MetaImageSeed()
{
  return Join(FromText(BuildMetaImageHeader(SampleHeader())), Bytes(48));
}

Bytes
DicomSeed()
{
  DicomBuilder item;
  item.Decimals(dicom::ImagePosition, {1, 2, 3});
  DicomBuilder frame;
  frame.Sequence(dicom::PlanePositionSequence, {item});
  DicomBuilder data;
  data.Text(dicom::SopClassUid, "UI", "1.2.840.10008.5.1.4.1.1.4");
  data.Words(dicom::Rows, {2});
  data.Sequence(dicom::PerFrameFunctionalGroups, {frame, frame});
  data.Raw(dicom::PixelData, "OW", Bytes(8));
  return data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3");
}

Bytes
JsonSeed()
{
  SegmentationInfo info;
  info.segments = {DefaultSegment(1), DefaultSegment(3)};
  return FromText(ToSegmentationJson(info));
}

/** Touches everything that the readers look up. */
void
WalkDicom(const DicomDataset & data, int depth)
{
  for (const auto & [tag, element] : data.All())
  {
    data.Decimals(tag);
    data.Double(tag);
    data.Word(tag);
    data.LongWords(tag);
    for (const auto & item : element.items)
    {
      WalkDicom(item, depth + 1);
    }
  }
}

void
RunDicom(ByteView bytes)
{
  const DicomFile file(Bytes(bytes.begin(), bytes.end()), "fuzz");
  WalkDicom(file.Data(), 0);
}

std::string_view
AsText(ByteView bytes)
{
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

void
RunJson(ByteView bytes)
{
  ParseSegmentationJson(std::string(AsText(bytes)), "fuzz");
}

void
RunSegments(ByteView bytes)
{
  const auto header = ParseNrrdHeader(bytes, SmallBudget(), "fuzz").header;
  SegmentsFromFields(header.fields, "fuzz");
}

Bytes
MghSeed()
{
  const std::uint32_t head[] = {1, 4, 3, 2, 1, 4}; // version, size, volumes, short
  const float geometry[] = {1, 1, 2, -1, 0, 0, 0, 0, -1, 0, 1, 0, 3, 4, 5};
  Bytes bytes(284 + 48);
  const auto store = [&](std::size_t at, std::uint32_t value)
  {
    for (std::size_t i = 0; i < 4; ++i)
    {
      bytes[at + i] = std::byte{static_cast<std::uint8_t>(value >> (24 - 8 * i))};
    }
  };
  for (std::size_t i = 0; i < std::size(head); ++i)
  {
    store(4 * i, head[i]);
  }
  bytes[29] = std::byte{1};
  for (std::size_t i = 0; i < std::size(geometry); ++i)
  {
    store(30 + 4 * i, std::bit_cast<std::uint32_t>(geometry[i]));
  }
  return bytes;
}

/** A file without a name that the bytes of one run are put into. */
int
MemoryFile()
{
  static const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
  return file;
}

void
RunSafeTensors(ByteView bytes)
{
  const int file = MemoryFile();
  if (::ftruncate(file, 0) != 0 ||
      ::pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
  {
    std::abort();
  }
  const SafeTensorsReader reader("/proc/self/fd/" + std::to_string(file));
  for (const auto & tensor : reader.Tensors())
  {
    AllFinite(tensor);
  }
  reader.Verify();
}

Bytes
SafeTensorsSeed()
{
  const float values[] = {1, 2, 3, 4, 5, 6};
  const std::uint8_t labels[] = {0, 1, 2};
  const std::vector<TensorView> tensors = {
      {"weights", ElementType::F32, {2, 3}, std::as_bytes(std::span(values))},
      {"labels", ElementType::U8, {3}, std::as_bytes(std::span(labels))}};
  char folder[] = "/tmp/sulcus-fuzz-XXXXXX";
  if (::mkdtemp(folder) == nullptr)
  {
    std::abort();
  }
  const auto path = std::string(folder) + "/seed";
  WriteSafeTensors(path, tensors, {{"made_by", "fuzz"}}, Overwrite::Refuse);
  auto bytes = ReadWholeFile(path);
  ::unlink(path.c_str());
  ::rmdir(folder);
  return bytes;
}

/** One setting of every type that a configuration file can name. */
struct AnySettings
{
  bool flag = false;
  int count = 1;
  std::int64_t large = 2;
  std::uint64_t seed = 3;
  double number = 4.5;
  std::string text = "a";
  std::vector<std::int64_t> whole{1, 2};
  std::vector<double> numbers{0.5, 1.5};
  std::vector<std::string> texts{"x", "y"};
};

Parameters
Describe(AnySettings & settings)
{
  Parameters visit;
  visit("flag", settings.flag, "A flag.");
  visit("count", settings.count, "A count.").Range(0, 100);
  visit("large", settings.large, "A large number.");
  visit("seed", settings.seed, "A seed.");
  visit("number", settings.number, "A number.").Range(-1, 10);
  visit("text", settings.text, "A text.").Choices({"a", "b"});
  visit("whole", settings.whole, "Whole numbers.").Range(0);
  visit("numbers", settings.numbers, "Numbers.");
  visit("texts", settings.texts, "Texts.");
  return visit;
}

void
RunConfiguration(ByteView bytes)
{
  AnySettings settings;
  Describe(settings).SetJson(ParseJson(AsText(bytes), "fuzz"), "fuzz");
}

void
RunToml(ByteView bytes)
{
  ParseToml(AsText(bytes), "fuzz");
}

Bytes
TomlSeed()
{
  return FromText("flag = true\ncount = 2 # c\nlarge = 0x10\nnumber = 1.5e0\ntext = 'b'\n"
                  "whole = [1, 2,\n3]\nnumbers = [0.5]\ntexts = [\"x\\u00e9\", '''y''']\n"
                  "[a.b]\nc = {d = 1}\n[[e]]\nf = -1e3\n");
}

Bytes
ConfigurationSeed()
{
  AnySettings settings;
  return FromText(Describe(settings).ToJson().dump());
}

void
RunPlan(ByteView bytes)
{
  PlanFromJson(ParseJson(AsText(bytes), "fuzz"), "fuzz");
}

Bytes
PlanSeed()
{
  Plan plan;
  plan.labels = {{0, "background"}, {1, "anterior"}, {2, "posterior"}};
  plan.normalisation.resize(1);
  plan.network.classes = 3;
  plan.network.widths = {16, 32};
  plan.network.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.network.kernels = {{3, 3, 3}, {3, 3, 3}};
  plan.patchSize = {16, 16, 16};
  plan.componentRules.resize(3);
  return FromText(PlanToJson(plan).dump());
}

} // namespace

const std::vector<FuzzTarget> &
FuzzTargets()
{
  static const std::vector<FuzzTarget> targets = {
      {"nifti", ReadAndDecode, NiftiSeed},
      {"gzip", ReadAndDecode, GzipSeed},
      {"nrrd", ReadAndDecode, NrrdSeed},
      {"segments", RunSegments, NrrdSeed},
      {"metaimage", ReadAndDecode, MetaImageSeed},
      {"mgh", ReadAndDecode, MghSeed},
      {"dicom", RunDicom, DicomSeed},
      {"json", RunJson, JsonSeed},
      {"safetensors", RunSafeTensors, SafeTensorsSeed},
      {"configuration", RunConfiguration, ConfigurationSeed},
      {"toml", RunToml, TomlSeed},
      {"plan", RunPlan, PlanSeed}};
  return targets;
}

} // namespace sulcus
