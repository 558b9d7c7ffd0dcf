#include "sulcusMarkup.h"

#include <gtest/gtest.h>

namespace sulcus
{

TEST(Markup, WhatMeansSomethingBecomesAnEntity)
{
  EXPECT_EQ(EscapeMarkup("<a href=\"x\">R&D's</a>"),
            "&lt;a href=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/a&gt;");
  EXPECT_EQ(EscapeMarkup("&amp;"), "&amp;amp;");
  EXPECT_EQ(EscapeMarkup(""), "");
}

TEST(Markup, TextAndLineBreaksStayAndControlCharactersDoNot)
{
  EXPECT_EQ(EscapeMarkup("a\tb\nå ±"), "a\tb\nå ±");
  EXPECT_EQ(EscapeMarkup(std::string_view("a\0\x1b\rb", 5)), "a\uFFFD\uFFFD\uFFFDb");
}

} // namespace sulcus
