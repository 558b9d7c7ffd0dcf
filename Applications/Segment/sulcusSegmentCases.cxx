#include "sulcusSegmentCases.h"

#include <sulcusAtomicFile.h>
#include <sulcusDicomRead.h>
#include <sulcusError.h>
#include <sulcusImageName.h>
#include <sulcusSpacing.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** "case_0001" -> "case"; other names as they are. */
std::string
WithoutChannelNumber(const std::string & stem)
{
  const std::size_t n = stem.size();
  const bool hasNumber =
      n > 5 && stem[n - 5] == '_' &&
      std::all_of(stem.end() - 4, stem.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return hasNumber ? stem.substr(0, n - 5) : stem;
}

/** Files in the order given become cases; consecutive files of one id are its channels. */
void
AddFiles(const std::vector<std::string> & files,
         std::size_t channels,
         std::vector<SegmentCase> & cases)
{
  for (const std::string & file : files)
  {
    const std::string id = WithoutChannelNumber(StemOf(file));
    const bool continues = channels > 1 && !cases.empty() && cases.back().id == id &&
                           cases.back().channels.size() < channels;
    if (!continues)
    {
      cases.push_back({id, {}, {}});
    }
    cases.back().channels.push_back(file);
  }
}

/** Image files of a folder, sorted; none in a folder of DICOM files, whose names say nothing. */
std::vector<std::string>
ImagesIn(const fs::path & folder)
{
  std::vector<std::string> files;
  for (const auto & entry : fs::directory_iterator(folder))
  {
    if (entry.is_regular_file() && HasImageName(entry.path()))
    {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string>
FieldsOf(const std::string & line)
{
  std::vector<std::string> fields;
  std::istringstream text(line);
  for (std::string field; std::getline(text, field, '\t');)
  {
    fields.push_back(field);
  }
  return fields;
}

/** A row of a table with a heading: the case's name and the columns image or image_<channel>. */
SegmentCase
CaseOfRow(const fs::path & list,
          const std::vector<std::string> & heading,
          const std::vector<std::string> & fields)
{
  SegmentCase found{fields.front(), {}, {}};
  for (std::size_t column = 1; column < std::min(heading.size(), fields.size()); ++column)
  {
    if (heading[column] == "image" || heading[column].starts_with("image_"))
    {
      found.channels.push_back((list.parent_path() / fields[column]).string());
    }
    const bool isGiven = !fields[column].empty() && fields[column] != "n/a";
    if (heading[column] == "spacing" && isGiven)
    {
      const auto where = Message(list.string(), ": case '", found.id, "': spacing");
      found.spacingInMm = SpacingFromNumbers(ReadNumbers(fields[column], where), where);
    }
  }
  const bool plain = !found.id.empty() && found.id.find('/') == std::string::npos;
  if (!plain || found.channels.empty())
  {
    throw UsageError(Message(
        list.string(), ": case '", found.id, "': need a name without '/' and at least one image"));
  }
  return found;
}

void
AddList(const fs::path & list, std::vector<SegmentCase> & cases)
{
  std::vector<std::string> heading;
  std::istringstream lines(ReadTextFile(list, std::size_t{1} << 24));
  for (std::string line; std::getline(lines, line);)
  {
    if (!line.empty() && line.back() == '\r')
    {
      line.pop_back();
    }
    if (line.empty() || line.front() == '#')
    {
      continue;
    }
    const auto fields = FieldsOf(line);
    if (cases.empty() && heading.empty() && fields.front() == "case")
    {
      heading = fields;
      continue;
    }
    if (!heading.empty())
    {
      cases.push_back(CaseOfRow(list, heading, fields));
      continue;
    }
    SegmentCase found;
    for (const auto & field : fields)
    {
      found.channels.push_back((list.parent_path() / field).string());
    }
    found.id = WithoutChannelNumber(StemOf(found.channels.front()));
    cases.push_back(found);
  }
}

void
Check(const std::vector<SegmentCase> & cases, std::size_t channels)
{
  std::set<std::string> ids;
  for (const auto & found : cases)
  {
    if (found.channels.size() != channels)
    {
      throw UsageError(Message("case '",
                               found.id,
                               "': the model needs ",
                               channels,
                               " channels, found ",
                               found.channels.size(),
                               " files"));
    }
    if (!ids.insert(found.id).second)
    {
      throw UsageError(Message("two inputs have the case name '", found.id, "'"));
    }
    for (const auto & file : found.channels)
    {
      if (!fs::exists(SplitSeriesPath(file).path))
      {
        throw InputError(Message(file, ": the file does not exist"));
      }
    }
  }
  if (cases.empty())
  {
    throw UsageError("there is no image to segment");
  }
}

} // namespace

std::vector<SegmentCase>
ListSegmentCases(const std::vector<std::string> & inputs, std::size_t channels)
{
  std::vector<SegmentCase> cases;
  std::vector<std::string> files;
  for (const std::string & input : inputs)
  {
    const fs::path path = input;
    if (!fs::exists(SplitSeriesPath(input).path))
    {
      throw InputError(Message(input, ": the file or folder does not exist"));
    }
    const auto images = fs::is_directory(path) ? ImagesIn(path) : std::vector<std::string>();
    if (!images.empty())
    {
      AddFiles(images, channels, cases);
    }
    else if (path.extension() == ".txt" || path.extension() == ".tsv")
    {
      AddList(path, cases);
    }
    else
    {
      files.push_back(input);
    }
  }
  const bool isOneCase = channels > 1 && files.size() == channels;
  if (isOneCase)
  {
    cases.push_back({WithoutChannelNumber(StemOf(files.front())), files, {}}); // in the order given
  }
  else
  {
    AddFiles(files, channels, cases);
  }
  Check(cases, channels);
  return cases;
}

} // namespace sulcus
