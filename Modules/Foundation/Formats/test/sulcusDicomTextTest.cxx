#include "sulcusDicomText.h"

#include <gtest/gtest.h>

namespace sulcus
{

TEST(DicomText, LatinOneIsConvertedBothWays)
{
  EXPECT_EQ(Utf8FromDicom("Gr\xF6\xDF"
                          "e",
                          "ISO_IR 100"),
            "Größe");
  EXPECT_EQ(DicomFromUtf8("Größe", "ISO_IR 100"),
            "Gr\xF6\xDF"
            "e");
  for (unsigned int byte = 1; byte < 256; ++byte)
  {
    const std::string one(1, static_cast<char>(byte));
    const bool isCharacter = byte < 0x80 || byte >= 0xA0;
    EXPECT_EQ(DicomFromUtf8(Utf8FromDicom(one, "ISO_IR 100"), "ISO_IR 100"),
              isCharacter ? one : "?");
  }
}

TEST(DicomText, WhatASetLacksBecomesAQuestionMark)
{
  EXPECT_EQ(DicomFromUtf8("Größe", ""), "Gr??e");
  EXPECT_EQ(DicomFromUtf8("海馬 left", "ISO_IR 100"), "?? left");
  EXPECT_EQ(DicomFromUtf8("海馬", "ISO_IR 192"), "海馬");
  EXPECT_EQ(Utf8FromDicom("\x1B$B3$", "ISO 2022 IR 87"), "\x1B$B3$"); // escapes are ASCII
  EXPECT_EQ(Utf8FromDicom("a\xF6", ""), "a?");
}

TEST(DicomText, DamagedUtf8IsNeverPassedOn)
{
  // Overlong, surrogate, too large, cut, a tail without a head.
  for (const std::string damaged :
       {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE6\xB5", "\x80"})
  {
    EXPECT_EQ(Utf8FromDicom(damaged, "ISO_IR 192"), std::string(damaged.size(), '?'));
  }
  EXPECT_EQ(Utf8FromDicom("ok \xF0\x9F\x99\x82", "ISO_IR 192"), "ok \xF0\x9F\x99\x82");
}

TEST(DicomText, IsCutBetweenCharacters)
{
  EXPECT_EQ(FirstCharacters("Größe", 3), "Grö");
  EXPECT_EQ(FirstCharacters("Größe", 64), "Größe");
  EXPECT_EQ(FirstCharacters("", 1), "");
  EXPECT_FALSE(IsAscii("ß"));
  EXPECT_TRUE(IsAscii("ss"));
}

} // namespace sulcus
