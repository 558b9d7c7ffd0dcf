#pragma once

#include "sulcusCorpus.h"

#include <map>

namespace sulcus
{

inline std::string
NrrdText(const std::map<std::string, std::string> & changes, const std::string & extra = "")
{
  const std::pair<std::string, std::string> fields[] = {
      {"type", "short"},
      {"dimension", "3"},
      {"space", "left-posterior-superior"},
      {"sizes", "5 4 3"},
      {"space directions", "(1,0,0) (0,1,0) (0,0,2)"},
      {"kinds", "domain domain domain"},
      {"endian", "little"},
      {"encoding", "raw"},
      {"space origin", "(1,2,3)"}};
  std::string text = "NRRD0004\n";
  for (const auto & [name, value] : fields)
  {
    const auto changed = changes.find(name);
    if (changed == changes.end())
    {
      text += name + ": " + value + "\n";
    }
    else if (changed->second != "-")
    {
      text += name + ": " + changed->second + "\n";
    }
  }
  return text + extra + "\n";
}

inline const std::string Ramp(120, '\1');

inline void
AddNrrd(Corpus & corpus)
{
  const std::pair<const char *, std::vector<const char *>> bad[] = {
      {"type", {"-", "block", "complex", "short short", "", "int128"}},
      {"dimension", {"-", "0", "2", "4", "-3", "x", "1000000"}},
      {"sizes",
       {"-",
        "5 4",
        "5 4 3 1",
        "5 4 4",
        "0 4 3",
        "-5 4 3",
        "5 4 x",
        "99999999999 4 3",
        "18446744073709551615 4 3"}},
      {"encoding", {"-", "ascii", "text", "hex", "bzip2", "gzip", "zip"}},
      {"endian", {"-", "middle", ""}}};
  for (const auto & [field, values] : bad)
  {
    for (const auto * const value : values)
    {
      corpus.Add(Message("nrrd ", field, " = ", value),
                 AsBytes(NrrdText({{field, value}}) + Ramp),
                 {ExitCode::DamagedInput, ExitCode::GeometryRefused, ExitCode::Resources});
    }
  }
  for (const auto * const value : {"-",
                                   "scanner-xyz",
                                   "3D-right-handed",
                                   "right-anterior-inferior",
                                   "left-posterior-superior-time"})
  {
    corpus.Add(
        Message("nrrd space = ", value), AsBytes(NrrdText({{"space", value}}) + Ramp), BadGeometry);
  }
  for (const auto * const value : {"-",
                                   "(1,0,0) (0,1,0)",
                                   "(1,0,0) (0,1,0) none",
                                   "(0,0,0) (0,1,0) (0,0,1)",
                                   "(1,0,0) (1,0,0) (0,0,1)",
                                   "(nan,0,0) (0,1,0) (0,0,1)",
                                   "(1,0.3,0) (0,1,0) (0,0,1)",
                                   "(1e30,0,0) (0,1,0) (0,0,1)",
                                   "(1,0,0) (0,1,0) (0,0,0.001)",
                                   "(1,0,0) (0,1,0) (0,0",
                                   "1 1 1",
                                   "(1,0,0) (0,1,0) (0,0,x)",
                                   "(1,0,0,0) (0,1,0) (0,0,1)"})
  {
    corpus.Add(Message("nrrd directions = ", value),
               AsBytes(NrrdText({{"space directions", value}}) + Ramp),
               Unfit);
  }
  for (const auto * const value : {"-", "(1,2)", "(nan,0,0)", "(1e9,0,0)", "x"})
  {
    corpus.Add(Message("nrrd origin = ", value),
               AsBytes(NrrdText({{"space origin", value}}) + Ramp),
               Unfit);
  }
  for (const auto * const extra : {"type: short\n",
                                   "sizes: 5 4 3\n",
                                   "SPACE: left-posterior-superior\n",
                                   "bogus: 1\n",
                                   "no colon\n",
                                   "byte skip: 4\n",
                                   "byte skip: -1\n",
                                   "line skip: 1\n",
                                   "data file: ../x.raw\n",
                                   "data file: /etc/passwd\n",
                                   "data file: LIST\n",
                                   "data file: a%d.raw 1 3 1\n",
                                   "datafile: absent.raw\n",
                                   "a:=1\na:=2\n",
                                   "space units: \"m\" \"m\" \"m\"\n",
                                   "\x01\x02: 1\n"})
  {
    corpus.Add(Message("nrrd extra ", extra), AsBytes(NrrdText({}, extra) + Ramp), Unfit);
  }
  const auto whole = AsBytes(NrrdText({}) + Ramp);
  corpus.AddCuts("nrrd", whole, 20);
  auto packed = AsBytes(NrrdText({{"encoding", "gzip"}}));
  const auto start = packed.size();
  const auto data = Gzip(AsBytes(Ramp));
  packed.insert(packed.end(), data.begin(), data.end());
  corpus.AddCuts("nrrd gzip", packed, 15);
  corpus.AddFlips("nrrd gzip", packed, start + 10, 1);
}

inline std::string
MetaText(const std::map<std::string, std::string> & changes, const std::string & extra = "")
{
  const std::pair<std::string, std::string> fields[] = {{"ObjectType", "Image"},
                                                        {"NDims", "3"},
                                                        {"BinaryData", "True"},
                                                        {"BinaryDataByteOrderMSB", "False"},
                                                        {"CompressedData", "False"},
                                                        {"TransformMatrix", "1 0 0 0 1 0 0 0 1"},
                                                        {"Offset", "1 2 3"},
                                                        {"ElementSpacing", "1 1 2"},
                                                        {"DimSize", "5 4 3"},
                                                        {"ElementType", "MET_SHORT"}};
  std::string text;
  for (const auto & [name, value] : fields)
  {
    const auto changed = changes.find(name);
    const auto used = changed == changes.end() ? value : changed->second;
    text += used == "-" ? "" : name + " = " + used + "\n";
  }
  const auto file = changes.find("ElementDataFile");
  return text + extra + "ElementDataFile = " + (file == changes.end() ? "LOCAL" : file->second) +
         "\n";
}

inline void
AddMetaImage(Corpus & corpus)
{
  const std::pair<const char *, std::vector<const char *>> bad[] = {
      {"ObjectType", {"Mesh", "Tube"}},
      {"NDims", {"-", "2", "5", "0", "x", "-3"}},
      {"BinaryData", {"False", "maybe"}},
      {"BinaryDataByteOrderMSB", {"maybe"}},
      {"CompressedData", {"True", "maybe"}},
      {"TransformMatrix",
       {"-",
        "1 0 0",
        "0 0 0 0 1 0 0 0 1",
        "1 0 0 1 0 0 0 0 1",
        "nan 0 0 0 1 0 0 0 1",
        "1 0.3 0 0 1 0 0 0 1",
        "x"}},
      {"Offset", {"-", "1 2", "nan 0 0", "1e9 0 0", "inf 0 0"}},
      {"ElementSpacing", {"-", "0 1 1", "-1 1 1", "nan 1 1", "1 1", "0.001 1 1", "100 1 1"}},
      {"DimSize", {"-", "5 4", "5 4 4", "0 4 3", "-5 4 3", "99999999999 4 3"}},
      {"ElementType", {"-", "MET_STRING", "MET_ASCII_CHAR", "MET_FLOAT_ARRAY"}},
      {"ElementDataFile",
       {"LIST",
        "LIST 2",
        "../../etc/passwd",
        "/etc/passwd",
        "absent.raw",
        "a%03d.raw",
        "",
        "..",
        "x\\y"}}};
  for (const auto & [field, values] : bad)
  {
    for (const auto * const value : values)
    {
      corpus.Add(
          Message("mha ", field, " = ", value), AsBytes(MetaText({{field, value}}) + Ramp), Unfit);
    }
  }
  for (const auto * const extra : {"NDims = 3\n",
                                   "Bogus = 1\n",
                                   "Position = 1 2 3\n",
                                   "HeaderSize = 10\n",
                                   "ElementByteOrderMSB = True\n",
                                   "no equals sign\n",
                                   "DistanceUnits = furlong\n",
                                   "CompressedDataSize = x\n",
                                   "ElementNumberOfChannels = 0\n",
                                   "ElementNumberOfChannels = 7\n"})
  {
    corpus.Add(Message("mha extra ", extra), AsBytes(MetaText({}, extra) + Ramp), Unfit);
  }
  corpus.AddCuts("mha", AsBytes(MetaText({}) + Ramp), 20);
}

} // namespace sulcus
