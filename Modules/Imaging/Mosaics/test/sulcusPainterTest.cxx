#include "sulcusPainter.h"

#include <sulcusError.h>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sulcus
{
namespace
{

const Colour grey{100, 100, 100};
const Colour white{255, 255, 255};

/** Rows of a letter's 5 x 7 points as X and blanks. */
std::string
Drawing(char letter)
{
  auto picture = NewPicture(8, 10, grey);
  DrawText(picture, 1, 1, std::string(1, letter), white);
  std::string drawing;
  for (std::size_t y = 1; y < 8; ++y)
  {
    for (std::size_t x = 1; x < 6; ++x)
    {
      drawing += ColourAt(picture, x, y) == white ? 'X' : ' ';
    }
    drawing += '/';
  }
  return drawing;
}

} // namespace

TEST(Painter, SideLettersLookAsTheyShould)
{
  EXPECT_EQ(Drawing('L'), "X    /X    /X    /X    /X    /X    /XXXXX/");
  EXPECT_EQ(Drawing('R'), "XXXX /X   X/X   X/XXXX /X X  /X  X /X   X/");
  EXPECT_EQ(Drawing('r'), Drawing('R'));
}

TEST(Painter, NoTwoLettersLookAlike)
{
  std::set<std::string> drawings;
  for (char letter = ' '; letter <= '_'; ++letter)
  {
    EXPECT_TRUE(drawings.insert(Drawing(letter)).second) << letter;
  }
  EXPECT_EQ(TextWidth("Größe", 2), 5 * 6 * 2); // one cell a character, not a byte
  EXPECT_EQ(Drawing('~'), Drawing('?'));
}

TEST(Painter, LettersHaveADarkRim)
{
  auto picture = NewPicture(12, 12, white);
  DrawText(picture, 3, 2, "I", white);
  EXPECT_EQ(ColourAt(picture, 5, 5), white);             // the stem
  EXPECT_EQ(ColourAt(picture, 4, 5), (Colour{0, 0, 0})); // beside it
  EXPECT_EQ(ColourAt(picture, 1, 5), white);
}

TEST(Painter, WhatLiesOutsideIsNotDrawn)
{
  auto picture = NewPicture(5, 4, grey);
  FillRectangle(picture, -3, -3, 4, 4, white);
  FillRectangle(picture, 4, 3, 90, 90, white);
  Blend(picture, -1, 0, white, 1.0);
  Blend(picture, 0, 4, white, 1.0);
  DrawText(picture, 40, 40, "FAR", white);
  std::size_t changed = 0;
  for (std::size_t y = 0; y < 4; ++y)
  {
    for (std::size_t x = 0; x < 5; ++x)
    {
      changed += ColourAt(picture, x, y) != grey;
    }
  }
  EXPECT_EQ(changed, 2U);
  auto other = NewPicture(3, 3, white);
  Paste(picture, other, -2, 2);
  EXPECT_EQ(ColourAt(picture, 0, 2), white);
  EXPECT_EQ(ColourAt(picture, 1, 2), grey);
  Paste(picture, other, 99, -99);
  EXPECT_THROW(ColourAt(picture, 5, 0), UsageError);
}

TEST(Painter, BlendMixesInProportion)
{
  auto picture = NewPicture(2, 1, {100, 0, 255});
  Blend(picture, 1, 0, {200, 100, 55}, 0.25);
  EXPECT_EQ(ColourAt(picture, 1, 0), (Colour{125, 25, 205}));
  EXPECT_EQ(ColourAt(picture, 0, 0), (Colour{100, 0, 255}));
}

} // namespace sulcus
