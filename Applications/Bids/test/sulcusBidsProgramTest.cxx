#include <sulcusRunProgram.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace
{

using namespace sulcus;
namespace fs = std::filesystem;

/** sulcus-bids beside a stand-in for sulcus-segment that writes what that program writes, counts
 * its runs, and fails for images that hold "broken". The real one is run by Testing/Applications.
 */
class BidsProgram : public testing::Test
{
protected:
  void
  SetUp() override
  {
    for (const char * name : {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SULCUS_PROGRAMS"})
    {
      m_Saved = std::string(name) == "SULCUS_PROGRAMS" ? std::getenv(name) : m_Saved;
      unsetenv(name);
    }
    fs::create_directories(At("bin"));
    fs::copy_file(fs::path(m_Saved) / "sulcus-bids", At("bin/sulcus-bids"));
    Write("bin/sulcus-segment", R"(#!/bin/sh
input="$1"
while [ $# -gt 0 ]; do
  case "$1" in --output) out="$2";; --report) report="$2";; --model) model="$2";; esac
  shift
done
if grep -q broken "$input"; then echo "sulcus-segment: error: $input: damaged [E-INPUT]" >&2; exit 3; fi
echo run >> "$(dirname "$0")/runs"
cp "$input" "$out"
cat > "$report" <<TEXT
{"version": "0.1.0", "warnings": [], "results": {"cases": [{"case": "x", "labels": [
 {"value": 1, "name": "left part", "voxels": 7, "volume_mm3": 10.5},
 {"value": 2, "name": "right part", "voxels": 3, "volume_mm3": 4.5}]}]}}
TEXT
)");
    fs::permissions(At("bin/sulcus-segment"), fs::perms::owner_all);
    setenv("SULCUS_PROGRAMS", At("bin").c_str(), 1);
    Write("model.safetensors", "weights");
    Write("data/dataset_description.json", R"({"Name": "Made up", "BIDSVersion": "1.8.0"})");
    for (const std::string & stem : {std::string("sub-01/anat/sub-01_T1w"),
                                     std::string("sub-02/ses-a/anat/sub-02_ses-a_T1w"),
                                     std::string("sub-02/ses-b/anat/sub-02_ses-b_run-1_T1w")})
    {
      Write("data/" + stem + ".nii.gz", "voxels of " + stem);
      Write("data/" + stem + ".json", "{}");
    }
  }

  void
  TearDown() override
  {
    setenv("SULCUS_PROGRAMS", m_Saved.c_str(), 1);
  }

  std::string
  At(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  void
  Write(const std::string & name, const std::string & text) const
  {
    fs::create_directories(fs::path(At(name)).parent_path());
    std::ofstream(At(name)) << text;
  }

  ProgramResult
  Run(const std::string & level, std::vector<std::string> options = {})
  {
    std::vector<std::string> arguments{At("data"), At("out"), level};
    if (level == "participant")
    {
      arguments.insert(arguments.end(), {"--model", At("model.safetensors")});
    }
    arguments.insert(arguments.end(), options.begin(), options.end());
    return RunProgram("bids", arguments);
  }

  int
  Runs() const
  {
    const std::string text = TextOf(At("bin/runs"));
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }

  nlohmann::json
  Json(const std::string & name) const
  {
    return nlohmann::json::parse(TextOf(At(name)));
  }

  TestFolder m_Folder;
  std::string m_Saved;
};

const std::string first = "out/sub-01/anat/sub-01_desc-sulcus_dseg";
const std::string second = "out/sub-02/ses-a/anat/sub-02_ses-a_desc-sulcus_dseg";
const std::string third = "out/sub-02/ses-b/anat/sub-02_ses-b_run-1_desc-sulcus_dseg";

TEST_F(BidsProgram, WritesDerivativesWithSidecars)
{
  const auto run = Run("participant");
  ASSERT_EQ(run.status, 0) << run.errors;
  for (const std::string & base : {first, second, third})
  {
    EXPECT_TRUE(fs::exists(At(base + ".nii.gz"))) << base;
    EXPECT_EQ(TextOf(At(base + ".tsv")).rfind("index\tname\tcolor\n1\tleft part\t#", 0), 0U)
        << base;
  }
  EXPECT_EQ(TextOf(At(second + ".nii.gz")), "voxels of sub-02/ses-a/anat/sub-02_ses-a_T1w");
  const auto sidecar = Json(third + ".json");
  EXPECT_EQ(sidecar["Sources"][0], "bids:raw:sub-02/ses-b/anat/sub-02_ses-b_run-1_T1w.nii.gz");
  EXPECT_EQ(sidecar["ModelSHA256"].size(), 1U);
  const auto description = Json("out/dataset_description.json");
  EXPECT_EQ(description["DatasetType"], "derivative");
  EXPECT_EQ(description["GeneratedBy"].size(), 1U);
  EXPECT_EQ(description["GeneratedBy"][0]["Name"], "Sulcus");
  EXPECT_EQ(description["DatasetLinks"]["raw"], "../data");
  EXPECT_TRUE(description["SourceDatasets"].is_array());
}

TEST_F(BidsProgram, GroupLevelTabulatesVolumesAndExplainsColumns)
{
  ASSERT_EQ(Run("participant").status, 0);
  Write("data/sub-03/anat/sub-03_T1w.nii.gz", "later");
  const auto run = Run("group");
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_NE(run.errors.find("sub-03"), std::string::npos); // told to be absent
  EXPECT_EQ(TextOf(At("out/group_desc-sulcus_volumes.tsv")),
            "participant_id\tsession_id\tsegmentation\tleft_part_mm3\tright_part_mm3\twarnings\n"
            "sub-01\tn/a\tsub-01/anat/sub-01_desc-sulcus_dseg.nii.gz\t10.5\t4.5\t0\n"
            "sub-02\tses-a\tsub-02/ses-a/anat/sub-02_ses-a_desc-sulcus_dseg.nii.gz\t10.5\t4.5\t0\n"
            "sub-02\tses-b\tsub-02/ses-b/anat/sub-02_ses-b_run-1_desc-sulcus_dseg.nii.gz\t10.5\t4.5"
            "\t0\n");
  const auto dictionary = Json("out/group_desc-sulcus_volumes.json");
  EXPECT_EQ(dictionary["left_part_mm3"]["Units"], "mm^3");
  EXPECT_EQ(dictionary.size(), 6U);
  EXPECT_EQ(Run("group").status, 0); // replaces its own tables
}

TEST_F(BidsProgram, SecondCallDoesNothingAnotherModelEverything)
{
  ASSERT_EQ(Run("participant").status, 0);
  EXPECT_EQ(Runs(), 3);
  ASSERT_EQ(Run("participant").status, 0);
  EXPECT_EQ(Runs(), 3);
  fs::remove(At(second + ".nii.gz"));
  fs::remove(At(first + ".json")); // sidecars come from the record without segmenting again
  ASSERT_EQ(Run("participant").status, 0);
  EXPECT_EQ(Runs(), 4);
  EXPECT_TRUE(fs::exists(At(first + ".json")));
  Write("model.safetensors", "other weights");
  ASSERT_EQ(Run("participant").status, 0);
  EXPECT_EQ(Runs(), 7);
}

TEST_F(BidsProgram, ParticipantsAreChosenInEverySpelling)
{
  ASSERT_EQ(Run("participant", {"--participant-label", "sub-02", "--session-label", "b"}).status,
            0);
  EXPECT_EQ(Runs(), 1);
  EXPECT_TRUE(fs::exists(At(third + ".nii.gz")));
  ASSERT_EQ(Run("participant", {"--participant_label", "01", "02", "--skip-bids-validator"}).status,
            0);
  EXPECT_EQ(Runs(), 3);
  const auto unknown = Run("participant", {"--participant_label", "010"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.errors.find("did you mean '01'"), std::string::npos) << unknown.errors;
  EXPECT_EQ(Run("participant", {"--participant_label"}).status, 2);
}

TEST_F(BidsProgram, OneBrokenParticipantIsReportedTheOthersAreDone)
{
  Write("data/sub-01/anat/sub-01_T1w.nii.gz", "broken");
  Write("data/sub-04/func/sub-04_task-rest_bold.nii.gz", "no anatomy");
  const auto run = Run("participant");
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.ErrorLines(), 1);
  EXPECT_NE(run.errors.find("2 of 3 participants failed"), std::string::npos) << run.errors;
  EXPECT_NE(run.errors.find("no T1w image in sub-04/anat"), std::string::npos) << run.errors;
  EXPECT_TRUE(fs::exists(At(third + ".nii.gz")));
  fs::remove_all(At("data/sub-04"));
  Write("data/sub-01/anat/sub-01_T1w.nii.gz", "mended");
  EXPECT_EQ(Run("participant").status, 0);
  EXPECT_EQ(Runs(), 3);
}

TEST_F(BidsProgram, SeveralChannelsMustAllBeThere)
{
  Write("data/sub-01/anat/sub-01_FLAIR.nii.gz", "flair");
  const auto run = Run("participant", {"--channels", "T1w,FLAIR"});
  EXPECT_EQ(run.status, 7);
  EXPECT_NE(run.errors.find("sub-02_ses-a_FLAIR is missing"), std::string::npos) << run.errors;
  EXPECT_EQ(Json(first + ".json")["Sources"].size(), 2U);
}

TEST_F(BidsProgram, MissingSidecarsAreToldAndHarmless)
{
  fs::remove(At("data/sub-01/anat/sub-01_T1w.json"));
  const auto run = Run("participant");
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.errors.find("1 of 3 images have no JSON sidecar"), std::string::npos) << run.errors;
  Write("data/T1w.json", "{}"); // inherited by all
  EXPECT_EQ(Run("participant").errors.find("sidecar"), std::string::npos);
}

TEST_F(BidsProgram, PartsShareTheParticipants)
{
  ASSERT_EQ(Run("participant", {"--num_parts", "2", "--part_id", "1"}).status, 0);
  EXPECT_FALSE(fs::exists(At(first + ".nii.gz")));
  EXPECT_TRUE(fs::exists(At(second + ".nii.gz")));
  setenv("SLURM_ARRAY_TASK_COUNT", "2", 1);
  setenv("SLURM_ARRAY_TASK_ID", "0", 1);
  ASSERT_EQ(Run("participant").status, 0);
  EXPECT_TRUE(fs::exists(At(first + ".nii.gz")));
  EXPECT_EQ(Runs(), 3);
}

TEST_F(BidsProgram, WhatIsNoBidsDataSetIsRefusedInOneLine)
{
  EXPECT_EQ(
      RunProgram("bids", {At("none"), At("out"), "participant", "-m", At("model.safetensors")})
          .status,
      3);
  EXPECT_EQ(RunProgram("bids", {At("data"), At("out"), "participants"}).status, 2);
  EXPECT_EQ(RunProgram("bids", {At("data"), At("out"), "participant"}).status, 2); // no model
  EXPECT_EQ(RunProgram("bids", {At("data"), At("data"), "group"}).status, 2);
  EXPECT_EQ(Run("group").status, 3); // nothing to tabulate yet
  Write("data/sub-01/anat/sub-99_T1w.nii.gz", "x");
  const auto name = Run("participant");
  EXPECT_EQ(name.status, 3);
  EXPECT_NE(name.errors.find("must begin with 'sub-01_'"), std::string::npos) << name.errors;
  fs::remove(At("data/sub-01/anat/sub-99_T1w.nii.gz"));
  Write("data/dataset_description.json", R"({"Name": "No version"})");
  EXPECT_NE(Run("participant").errors.find("BIDSVersion is missing"), std::string::npos);
  fs::remove(At("data/dataset_description.json"));
  const auto bare = Run("participant");
  EXPECT_EQ(bare.status, 3);
  EXPECT_EQ(bare.ErrorLines(), 1);
  EXPECT_NE(bare.errors.find("dataset_description.json"), std::string::npos) << bare.errors;
  EXPECT_FALSE(fs::exists(At("out")));
  EXPECT_EQ(Run("participant", {"--skip_bids_validator"}).status, 0);
  Write("out/dataset_description.json", R"({"GeneratedBy": [{"Name": "fMRIPrep"}]})");
  const auto foreign = Run("participant", {"--skip_bids_validator"});
  EXPECT_EQ(foreign.status, 4);
  EXPECT_NE(foreign.errors.find("fMRIPrep"), std::string::npos) << foreign.errors;
}

} // namespace
