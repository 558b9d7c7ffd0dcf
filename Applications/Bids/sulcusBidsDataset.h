#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** One image to segment: one file a channel, named alike up to the suffix. */
struct BidsImage
{
  std::string participant;                     ///< without "sub-"
  std::string session;                         ///< without "ses-"; empty: none
  std::string stem;                            ///< "sub-01_ses-a_run-1": the name up to the suffix
  std::filesystem::path folder;                ///< below the data set: "sub-01/ses-a/anat"
  std::vector<std::filesystem::path> channels; ///< paths of the files
  bool hasSidecar = false; ///< a .json beside the first file or, inherited, above it
};

struct BidsParticipant
{
  std::string label;
  std::vector<BidsImage> images;
  std::string problem; ///< why there is no image, or empty
};

struct BidsSelection
{
  std::vector<std::string> participants;    ///< with or without "sub-"; empty: all
  std::vector<std::string> sessions;        ///< with or without "ses-"; empty: all
  std::vector<std::string> channels{"T1w"}; ///< suffixes, one a channel of the model
};

/** The label without its key: "sub-01" and "01" are the same participant. */
std::string
WithoutBidsKey(const std::string & label, const std::string & key);

/** Refuses what is no BIDS data set: no dataset_description.json, one without Name or BIDSVersion,
 * no sub- folder, files whose names contradict their folders.
 * \throws InputError with one line that names the first fault. */
void
RequireBidsDataset(const std::filesystem::path & root);

/** The participants in the order of their labels, each with its images of the `anat` folders, in
 * the order of their names.
 * \throws UsageError for a participant that is not there (naming the nearest), InputError if there
 * is no participant at all. */
std::vector<BidsParticipant>
ListBidsParticipants(const std::filesystem::path & root, const BidsSelection & selection);

} // namespace sulcus
