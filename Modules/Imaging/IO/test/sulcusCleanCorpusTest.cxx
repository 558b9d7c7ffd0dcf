#include "sulcusBinaryCorpus.h"
#include "sulcusNiftiCorpus.h"
#include "sulcusTextCorpus.h"

#include <gtest/gtest.h>

#include <iostream>

using namespace sulcus;

namespace
{

template <typename T>
FileBytes
CleanNifti(std::int16_t code, bool bigEndian)
{
  NiftiSample sample;
  sample.Set<std::int16_t>(70, code);
  sample.Set<std::int16_t>(72, 8 * sizeof(T));
  auto bytes = sample.Bytes();
  bytes.resize(352 + 60 * sizeof(T));
  for (std::size_t i = 0; i < 60; ++i)
  {
    const auto value = static_cast<T>(i);
    std::memcpy(bytes.data() + 352 + i * sizeof(T), &value, sizeof(T));
  }
  if (bigEndian)
  {
    const auto swap = [&](std::size_t from, std::size_t size, std::size_t count)
    {
      for (std::size_t i = 0; i < count; ++i)
      {
        const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(from + i * size);
        std::reverse(begin, begin + static_cast<std::ptrdiff_t>(size));
      }
    };
    swap(0, 4, 1);
    swap(40, 2, 8);
    swap(68, 2, 4);
    swap(76, 4, 11);
    swap(252, 2, 2);
    swap(256, 4, 18);
    swap(352, sizeof(T), 60);
  }
  return bytes;
}

template <typename T>
void
AddCleanNifti(Corpus & corpus, std::int16_t code)
{
  for (const bool bigEndian : {false, true})
  {
    const auto bytes = CleanNifti<T>(code, bigEndian);
    corpus.Add(Message("nifti ", code, bigEndian ? " big" : " little"), bytes, {});
    corpus.Add(Message("nifti.gz ", code, bigEndian), Gzip(bytes), {});
    auto members = Gzip(Cut(bytes, 100));
    const auto second = Gzip(FileBytes(bytes.begin() + 100, bytes.end()));
    members.insert(members.end(), second.begin(), second.end());
    corpus.Add(Message("nifti.gz two members ", code), members, {});
    auto padded = Gzip(bytes);
    padded.resize(padded.size() + 100);
    corpus.Add(Message("nifti.gz padded with zeros ", code), padded, {});
    auto extended = bytes;
    extended.insert(extended.end(), 33, std::byte{'z'});
    corpus.Add(Message("nifti with trailing bytes ", code), extended, {});
  }
}

Corpus
CleanCorpus()
{
  Corpus corpus;
  AddCleanNifti<std::uint8_t>(corpus, 2);
  AddCleanNifti<std::int16_t>(corpus, 4);
  AddCleanNifti<std::int32_t>(corpus, 8);
  AddCleanNifti<float>(corpus, 16);
  AddCleanNifti<double>(corpus, 64);
  AddCleanNifti<std::int8_t>(corpus, 256);
  AddCleanNifti<std::uint16_t>(corpus, 512);
  AddCleanNifti<std::uint32_t>(corpus, 768);
  AddCleanNifti<std::int64_t>(corpus, 1024);
  AddCleanNifti<std::uint64_t>(corpus, 1280);
  for (const float slope : {0.0F, 1.0F, -1.0F, 0.5F, 1e-6F})
  {
    corpus.Add(Message("nifti slope ", slope), NiftiWith(112, slope), {});
  }
  for (const std::uint8_t units : {0, 2, 10, 18, 26})
  {
    corpus.Add(Message("nifti units ", int(units)), NiftiWith(123, units), {});
  }
  for (const std::int16_t code : {1, 2, 3, 4, 5})
  {
    corpus.Add(Message("nifti sform code ", code), NiftiWith<std::int16_t>(254, code), {});
  }
  for (const std::int16_t rank : {4, 5, 6, 7})
  {
    corpus.Add(Message("nifti rank ", rank), NiftiWith<std::int16_t>(40, rank), {});
  }
  const std::pair<const char *, std::size_t> types[] = {{"signed char", 1},
                                                        {"uchar", 1},
                                                        {"uint8", 1},
                                                        {"short", 2},
                                                        {"ushort", 2},
                                                        {"int16_t", 2},
                                                        {"int", 4},
                                                        {"uint32", 4},
                                                        {"long long", 8},
                                                        {"uint64_t", 8},
                                                        {"float", 4},
                                                        {"double", 8}};
  for (const auto & [type, bytes] : types)
  {
    for (const std::string endian : {"little", "big"})
    {
      const auto data = std::string(60 * bytes, '\0');
      corpus.Add(Message("nrrd ", type, endian),
                 AsBytes(NrrdText({{"type", type}, {"endian", endian}}) + data),
                 {});
      auto packed = AsBytes(NrrdText({{"type", type}, {"endian", endian}, {"encoding", "gzip"}},
                                     "# remark\nkey:=value\n"));
      const auto zipped = Gzip(AsBytes(data));
      packed.insert(packed.end(), zipped.begin(), zipped.end());
      corpus.Add(Message("nrrd gzip ", type, endian), packed, {});
    }
  }
  for (const std::string space :
       {"right-anterior-superior", "left-anterior-superior", "RAS", "LPS"})
  {
    corpus.Add("nrrd " + space, AsBytes(NrrdText({{"space", space}}) + Ramp), {});
  }
  const std::pair<const char *, std::size_t> elements[] = {{"MET_CHAR", 1},
                                                           {"MET_UCHAR", 1},
                                                           {"MET_SHORT", 2},
                                                           {"MET_USHORT", 2},
                                                           {"MET_INT", 4},
                                                           {"MET_UINT", 4},
                                                           {"MET_FLOAT", 4},
                                                           {"MET_DOUBLE", 8}};
  for (const auto & [type, bytes] : elements)
  {
    for (const std::string msb : {"False", "True"})
    {
      const auto data = std::string(60 * bytes, '\0');
      corpus.Add(Message("mha ", type, msb),
                 AsBytes(MetaText({{"ElementType", type}, {"BinaryDataByteOrderMSB", msb}}) + data),
                 {});
      corpus.Add(Message("mha remark ", type, msb),
                 AsBytes(MetaText({{"ElementType", type}, {"BinaryDataByteOrderMSB", msb}},
                                  "Comment = x\n0008|0060 = MR\nAnatomicalOrientation = RAI\n") +
                         data),
                 {});
    }
  }
  corpus.Add("mgh", MghSample(), {});
  corpus.Add("mgz", Gzip(MghSample()), {});
  auto tags = MghSample();
  tags.insert(tags.end(), 40, std::byte{1});
  corpus.Add("mgh with tags", tags, {});
  for (int kind = 0; kind < 8; ++kind)
  {
    auto data = DicomSample(1).Build(0);
    data.Text(0x00091001, "LO", "private");
    data.Words(dicom::PixelRepresentation, {static_cast<std::uint16_t>(kind & 1)});
    data.Text(dicom::NumberOfFrames, "IS", (kind & 2) != 0 ? "1" : " 1 ");
    data.Text(dicom::RescaleSlope, "DS", (kind & 4) != 0 ? "2.5" : "1");
    corpus.Add(
        Message("dicom ", kind), data.EncodeFile("1.2.840.10008.5.1.4.1.1.4", "1.2.3.4.1"), {});
  }
  return corpus;
}

} // namespace

TEST(CleanCorpus, NoFileIsRefused)
{
  const TemporaryFolder folder;
  const auto corpus = CleanCorpus();
  EXPECT_GE(corpus.entries.size(), 200U);
  for (const auto & entry : corpus.entries)
  {
    SCOPED_TRACE(entry.name);
    const auto path = folder.Write("file", entry.bytes);
    try
    {
      ReadImage(path);
    }
    catch (const Error & error)
    {
      ADD_FAILURE() << error.what();
    }
  }
  std::cout << corpus.entries.size() << " sound files read\n";
}
