#include "sulcusCaseFiles.h"

#include <sulcusError.h>
#include <sulcusImageName.h>
#include <sulcusLog.h>
#include <sulcusTable.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

using FileOfCase = std::map<std::string, std::string>;

FileOfCase
ListImages(const std::string & folder, const std::string & suffix)
{
  FileOfCase files;
  for (const auto & entry : fs::directory_iterator(folder))
  {
    const auto name = entry.path().filename().string();
    const auto id = CaseIdOf(name, suffix);
    if (id.empty() || name.starts_with('.') || !entry.is_regular_file())
    {
      continue;
    }
    const auto [known, isNew] = files.emplace(id, entry.path().string());
    if (!isNew)
    {
      throw UsageError(Message(
          "case '", id, "' has two files: ", known->second, " and ", entry.path().string()));
    }
  }
  if (files.empty())
  {
    throw InputError(Message(
        folder, ": no image file", suffix.empty() ? "" : " whose name ends in '" + suffix + "'"));
  }
  return files;
}

bool
IsTable(const std::string & path)
{
  return path.ends_with(".tsv") && fs::is_regular_file(path);
}

/** Rows without a label are left out: a manifest lists unlabelled cases too. */
FileOfCase
ListTable(const std::string & path)
{
  const auto table = ReadTsv(path, CellTyping::Texts);
  const auto ids = table.Texts("case");
  const auto column = table.ColumnIndex("label");
  FileOfCase files;
  for (std::size_t row = 0; row < table.RowCount(); ++row)
  {
    const auto & label = table.Rows()[row][column];
    if (IsMissing(label))
    {
      continue;
    }
    const auto file = (fs::path(path).parent_path() / ToText(label)).lexically_normal().string();
    if (!fs::exists(file))
    {
      throw InputError(Message(file, ": no such file (case '", ids[row], "' of ", path, ")"));
    }
    if (!files.emplace(ids[row], file).second)
    {
      throw UsageError(Message(path, ": case '", ids[row], "' is listed twice"));
    }
  }
  if (files.empty())
  {
    throw InputError(Message(path, ": lists no label"));
  }
  return files;
}

FileOfCase
ListFiles(const std::string & path, const std::string & suffix)
{
  return IsTable(path) ? ListTable(path) : ListImages(path, suffix);
}

void
KeepOnly(FileOfCase & files, const std::vector<std::string> & cases)
{
  std::erase_if(files,
                [&](const auto & file) {
                  return !cases.empty() &&
                         std::find(cases.begin(), cases.end(), file.first) == cases.end();
                });
}

std::string
UpToThree(const std::vector<std::string> & names)
{
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
  {
    text += (i ? ", " : "") + names[i];
  }
  return names.size() > 3 ? text + ", …" : text;
}

/** Cases of a that b lacks. */
std::vector<std::string>
Without(const FileOfCase & a, const FileOfCase & b)
{
  std::vector<std::string> names;
  for (const auto & [id, path] : a)
  {
    if (b.count(id) == 0)
    {
      names.push_back(id);
    }
  }
  return names;
}

/** Leaves out maps of numbers that lie beside the label map of their case, unless a reference bears
 * the very name. */
void
LeaveOutCompanions(FileOfCase & predictions,
                   const FileOfCase & references,
                   const std::string & folder)
{
  const auto all = predictions;
  const auto left = std::erase_if(predictions,
                                  [&](const auto & file)
                                  {
                                    const auto owner = CaseOfCompanion(file.first);
                                    return all.contains(owner) && !references.contains(file.first);
                                  });
  if (left > 0)
  {
    LogInfo(Message(folder,
                    ": ",
                    left,
                    " maps of confidence, uncertainty or the like beside label maps are left out"));
  }
}

void
RequireAskedFor(const FileOfCase & references,
                const std::vector<std::string> & cases,
                const std::string & folder)
{
  for (const auto & id : cases)
  {
    if (references.count(id) == 0)
    {
      throw UsageError(Message(folder, ": no reference for case '", id, "'"));
    }
  }
}

} // namespace

std::string
CaseIdOf(const std::string & fileName, const std::string & suffix)
{
  const bool isDicom = fileName.size() > 4 && fileName.ends_with(".dcm");
  if (!HasImageName(fileName) && !isDicom)
  {
    return {};
  }
  auto id = StemOf(fileName);
  if (!id.ends_with(suffix))
  {
    return {};
  }
  id.resize(id.size() - suffix.size());
  return id;
}

std::string
FindCaseFile(const std::string & folder, const std::string & suffix, const std::string & id)
{
  std::string found;
  for (const auto & entry : fs::directory_iterator(folder))
  {
    if (entry.is_regular_file() && CaseIdOf(entry.path().filename().string(), suffix) == id)
    {
      if (!found.empty())
      {
        throw UsageError(
            Message("case '", id, "' has two files: ", found, " and ", entry.path().string()));
      }
      found = entry.path().string();
    }
  }
  return found;
}

std::vector<CaseFiles>
PairCases(const std::string & reference,
          const std::string & prediction,
          const PairingOptions & options)
{
  for (const auto & path : {reference, prediction})
  {
    if (!fs::exists(path))
    {
      throw InputError(Message(path, ": no such file or folder"));
    }
  }
  const auto isSeveral = [](const std::string & path)
  { return fs::is_directory(path) || IsTable(path); };
  if (isSeveral(reference) != isSeveral(prediction))
  {
    throw UsageError(Message("a file can be compared with a file, a folder with a folder; got ",
                             reference,
                             " and ",
                             prediction));
  }
  if (!isSeveral(reference))
  {
    const auto name = fs::path(reference).filename().string();
    const auto id = CaseIdOf(name, options.referenceSuffix);
    return {{id.empty() ? name : id, {}, reference, prediction, {}}};
  }
  auto references = ListFiles(reference, options.referenceSuffix);
  RequireAskedFor(references, options.cases, reference);
  auto predictions = ListFiles(prediction, options.predictionSuffix);
  LeaveOutCompanions(predictions, references, prediction);
  KeepOnly(references, options.cases);
  KeepOnly(predictions, options.cases);
  const auto missing = Without(references, predictions);
  const auto extra = Without(predictions, references);
  if (options.refuseUnpaired && !missing.empty())
  {
    throw UsageError(Message(prediction,
                             ": no prediction for ",
                             missing.size(),
                             " of ",
                             references.size(),
                             " references (",
                             UpToThree(missing),
                             "); --unpaired count scores them as missed"));
  }
  if (options.refuseUnpaired && !extra.empty())
  {
    throw UsageError(Message(reference,
                             ": no reference for ",
                             extra.size(),
                             " of ",
                             predictions.size(),
                             " predictions (",
                             UpToThree(extra),
                             "); --unpaired count leaves them out"));
  }
  if (!missing.empty())
  {
    LogWarning(Message(
        missing.size(), " cases have no prediction and count as missed: ", UpToThree(missing)));
  }
  if (!extra.empty())
  {
    LogWarning(Message(
        extra.size(), " predictions have no reference and are left out: ", UpToThree(extra)));
  }
  std::vector<CaseFiles> cases;
  for (const auto & [id, path] : references)
  {
    const auto found = predictions.find(id);
    cases.push_back({id, {}, path, found == predictions.end() ? std::string() : found->second, {}});
  }
  return cases;
}

} // namespace sulcus
