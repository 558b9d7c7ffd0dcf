#include "sulcusImageName.h"

#include <gtest/gtest.h>

namespace sulcus
{

TEST(ImageName, EndingsAreTakenWhole)
{
  EXPECT_EQ(ImageEnding("a.nii.gz"), ".nii.gz");
  EXPECT_EQ(ImageEnding("a.seg.nrrd"), ".seg.nrrd");
  EXPECT_EQ(ImageEnding("a.b.nrrd"), ".nrrd");
  EXPECT_EQ(ImageEnding("a.gz"), "");
  EXPECT_EQ(ImageEnding(".nii.gz"), "");
  EXPECT_EQ(ImageEnding("a.dcm"), "");
  EXPECT_EQ(ImageEnding(""), "");
}

TEST(ImageName, HiddenAndOtherFilesAreNoImages)
{
  EXPECT_TRUE(HasImageName("folder.x/case.mgz"));
  EXPECT_FALSE(HasImageName("folder/._case.nii.gz"));
  EXPECT_FALSE(HasImageName("folder.nii.gz/case.txt"));
  EXPECT_FALSE(HasImageName("case.nii.gz/"));
}

TEST(ImageName, StemIsTheNameOfTheCase)
{
  EXPECT_EQ(StemOf("/data/sub-01_T1w.nii.gz"), "sub-01_T1w");
  EXPECT_EQ(StemOf("case.1.seg.nrrd"), "case.1");
  EXPECT_EQ(StemOf("seg.dcm"), "seg");
  EXPECT_EQ(StemOf("scans/patient.2021"), "patient.2021"); // a folder keeps what looks like ending
  EXPECT_EQ(StemOf("scans/patient.2021/"), "patient.2021");
  EXPECT_EQ(StemOf("scans/patient/."), "patient");
  EXPECT_EQ(StemOf(std::filesystem::current_path() / "."),
            std::filesystem::current_path().filename());
  EXPECT_EQ(StemOf("."), std::filesystem::current_path().filename());
  EXPECT_EQ(StemOf(".nii.gz"), ".nii.gz");
}

TEST(ImageName, CompanionsBelongToTheirCase)
{
  for (const char * kind : {"confidence",
                            "uncertainty",
                            "probability_left_part",
                            "coarse",
                            "mask",
                            "refined",
                            "erased",
                            "repainted_0001",
                            "weight",
                            "soft",
                            "flags"})
  {
    EXPECT_EQ(CaseOfCompanion(std::string("a_b_") + kind), "a_b") << kind;
  }
  for (const char * stem : {"a_b",
                            "a_softly",
                            "a_weight_2",
                            "_soft",
                            "_confidence",
                            "confidence",
                            "a_confidence_2",
                            ""})
  {
    EXPECT_EQ(CaseOfCompanion(stem), "") << stem;
  }
}

} // namespace sulcus
