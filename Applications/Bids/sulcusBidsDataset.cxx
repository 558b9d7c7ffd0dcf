#include "sulcusBidsDataset.h"

#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusParameters.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Folders `<key><label>` below a folder, sorted. */
std::vector<std::string>
LabelsBelow(const fs::path & folder, const std::string & key)
{
  std::vector<std::string> labels;
  for (const auto & entry : fs::directory_iterator(folder))
  {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.starts_with(key) && name.size() > key.size())
    {
      labels.push_back(name.substr(key.size()));
    }
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

std::string
ImageEndingOf(const std::string & name)
{
  return name.ends_with(".nii.gz") ? ".nii.gz" : name.ends_with(".nii") ? ".nii" : "";
}

/** Files of a folder that end with `_<suffix>.nii` or `.nii.gz`, as names up to the suffix. */
std::vector<std::string>
StemsIn(const fs::path & folder, const std::string & suffix)
{
  std::vector<std::string> stems;
  if (!fs::is_directory(folder))
  {
    return stems;
  }
  for (const auto & entry : fs::directory_iterator(folder))
  {
    const std::string name = entry.path().filename().string();
    const std::string tail = "_" + suffix + ImageEndingOf(name);
    const bool isImage = !ImageEndingOf(name).empty() && name.ends_with(tail) && name[0] != '.';
    if (isImage)
    {
      stems.push_back(name.substr(0, name.size() - tail.size()));
    }
  }
  std::sort(stems.begin(), stems.end());
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  return stems;
}

fs::path
ImageFile(const fs::path & folder, const std::string & stem, const std::string & suffix)
{
  for (const char * ending : {".nii.gz", ".nii"})
  {
    const fs::path file = folder / (stem + "_" + suffix + ending);
    if (fs::exists(file))
    {
      return file;
    }
  }
  return {};
}

/** BIDS lets a file lie beside the image or, with fewer entities, in a folder above it. */
bool
HasSidecar(const fs::path & root, const BidsImage & image, const std::string & suffix)
{
  const std::string end = "_" + suffix + ".json";
  std::vector<fs::path> candidates{root / image.folder / (image.stem + end),
                                   root / (suffix + ".json"),
                                   root / ("sub-" + image.participant) /
                                       ("sub-" + image.participant + end)};
  if (!image.session.empty())
  {
    candidates.push_back(root / ("sub-" + image.participant) / ("ses-" + image.session) /
                         ("sub-" + image.participant + "_ses-" + image.session + end));
  }
  return std::any_of(
      candidates.begin(), candidates.end(), [](const fs::path & file) { return fs::exists(file); });
}

void
AddSession(const fs::path & root,
           const std::string & session,
           const BidsSelection & selection,
           BidsParticipant & participant)
{
  fs::path folder = "sub-" + participant.label;
  folder = session.empty() ? folder / "anat" : folder / ("ses-" + session) / "anat";
  for (const std::string & stem : StemsIn(root / folder, selection.channels.front()))
  {
    BidsImage image{participant.label, session, stem, folder, {}, false};
    std::string missing;
    for (const std::string & suffix : selection.channels)
    {
      const fs::path file = ImageFile(root / folder, stem, suffix);
      missing += file.empty() ? (missing.empty() ? "" : ", ") + stem + "_" + suffix : "";
      image.channels.push_back(file);
    }
    if (!missing.empty())
    {
      participant.problem += (participant.problem.empty() ? "" : "; ") + missing + " is missing";
      continue;
    }
    image.hasSidecar = HasSidecar(root, image, selection.channels.front());
    participant.images.push_back(image);
  }
}

BidsParticipant
ParticipantOf(const fs::path & root, const std::string & label, const BidsSelection & selection)
{
  BidsParticipant participant{label, {}, {}};
  const fs::path folder = root / ("sub-" + label);
  const auto sessions = LabelsBelow(folder, "ses-");
  for (const std::string & session : sessions)
  {
    const bool isWanted = selection.sessions.empty() ||
                          std::any_of(selection.sessions.begin(),
                                      selection.sessions.end(),
                                      [&](const std::string & own)
                                      { return WithoutBidsKey(own, "ses-") == session; });
    if (isWanted)
    {
      AddSession(root, session, selection, participant);
    }
  }
  if (sessions.empty())
  {
    AddSession(root, "", selection, participant);
  }
  if (participant.images.empty() && participant.problem.empty())
  {
    participant.problem = Message("no ",
                                  selection.channels.front(),
                                  " image in ",
                                  folder.filename().string(),
                                  sessions.empty() ? "/anat" : "/ses-*/anat");
  }
  return participant;
}

/** Names in a participant's folders must begin with the entities of these folders. */
void
RequireConsistentNames(const fs::path & root, const std::string & label)
{
  const fs::path folder = root / ("sub-" + label);
  for (const auto & entry : fs::recursive_directory_iterator(folder))
  {
    const std::string name = entry.path().filename().string();
    const std::string begin = "sub-" + label;
    const bool isImage = entry.is_regular_file() && !ImageEndingOf(name).empty() && name[0] != '.';
    const bool fits = name.starts_with(begin + "_");
    if (isImage && !fits)
    {
      throw InputError(Message(fs::relative(entry.path(), root).string(),
                               ": the name of a file of participant ",
                               label,
                               " must begin with '",
                               begin,
                               "_' (--skip_bids_validator takes it all the same)"));
    }
  }
}

} // namespace

std::string
WithoutBidsKey(const std::string & label, const std::string & key)
{
  return label.starts_with(key) ? label.substr(key.size()) : label;
}

void
RequireBidsDataset(const fs::path & root)
{
  const fs::path file = root / "dataset_description.json";
  if (!fs::exists(file))
  {
    throw InputError(Message(root.string(),
                             ": there is no dataset_description.json, so this is no BIDS data set "
                             "(--skip_bids_validator takes it all the same)"));
  }
  const auto description = ReadJsonFile(file);
  for (const char * field : {"Name", "BIDSVersion"})
  {
    const bool isThere =
        description.is_object() && description.contains(field) && description[field].is_string();
    if (!isThere)
    {
      throw InputError(Message(file.string(), ": the field ", field, " is missing"));
    }
  }
  for (const std::string & label : LabelsBelow(root, "sub-"))
  {
    RequireConsistentNames(root, label);
  }
}

std::vector<BidsParticipant>
ListBidsParticipants(const fs::path & root, const BidsSelection & selection)
{
  if (!fs::is_directory(root))
  {
    throw InputError(Message(root.string(), ": the folder does not exist"));
  }
  const auto present = LabelsBelow(root, "sub-");
  if (present.empty())
  {
    throw InputError(Message(root.string(), ": there is no participant (no folder sub-<label>)"));
  }
  std::vector<std::string> wanted;
  for (const std::string & given : selection.participants)
  {
    const std::string label = WithoutBidsKey(given, "sub-");
    if (std::find(present.begin(), present.end(), label) == present.end())
    {
      throw UsageError(
          Message("there is no participant '", label, "'; ", SuggestName(label, present)));
    }
    wanted.push_back(label);
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::vector<BidsParticipant> participants;
  for (const std::string & label : wanted.empty() ? present : wanted)
  {
    participants.push_back(ParticipantOf(root, label, selection));
  }
  return participants;
}

} // namespace sulcus
