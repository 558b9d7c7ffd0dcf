#include "sulcusTable.h"

#include <sulcusError.h>
#include <sulcusRandomEngine.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

namespace sulcus
{
namespace
{

using testing::HasSubstr;

template <typename TError, typename TAction>
std::string
LineOf(TAction && action)
{
  try
  {
    action();
  }
  catch (const TError & error)
  {
    return error.what();
  }
  return "no error of the expected kind";
}

Table
Example()
{
  Table table({"case", "dice", "hd95_mm", "voxels"});
  table.AddRow({std::string("case_2"), 0.75, 1.5, std::int64_t{12}});
  table.AddRow(
      {std::string("case_1"), Cell(), std::numeric_limits<double>::infinity(), std::int64_t{3}});
  return table;
}

TEST(Table, WritesTheDocumentedText)
{
  EXPECT_EQ(ToTsv(Example()),
            "case\tdice\thd95_mm\tvoxels\ncase_2\t0.75\t1.5\t12\ncase_1\tn/a\tinf\t3\n");
}

TEST(Table, RoundTripKeepsEveryBit)
{
  RandomEngine random(3);
  Table table({"id", "value"});
  for (int i = 0; i < 500; ++i)
  {
    const double value = random.Normal() * std::pow(10.0, random.Uniform(-300.0, 300.0));
    table.AddRow({"s" + std::to_string(i), value});
  }
  const auto back = ParseTsv(ToTsv(table), "memory");
  EXPECT_EQ(back.Rows(), table.Rows());
}

TEST(Table, IdentifiersWithLeadingZerosStayTexts)
{
  const auto table = ParseTsv("a\tb\tc\td\n007\t1\t1.5\t-3\n012\t2\tn/a\t\n", "memory");
  EXPECT_EQ(table.At(0, "a"), Cell(std::string("007")));
  EXPECT_EQ(table.At(1, "b"), Cell(std::int64_t{2}));
  EXPECT_EQ(table.At(0, "c"), Cell(1.5));
  EXPECT_TRUE(IsMissing(table.At(1, "c")));
  EXPECT_EQ(table.At(0, "d"), Cell(std::int64_t{-3}));
  EXPECT_TRUE(IsMissing(table.At(1, "d")));
  const auto texts = ParseTsv("a\tb\n007\t1\n", "memory", CellTyping::Texts);
  EXPECT_EQ(texts.At(0, "b"), Cell(std::string("1")));
}

TEST(Table, AcceptsByteOrderMarkAndCarriageReturns)
{
  const auto table = ParseTsv("\xEF\xBB\xBF"
                              "a\tb\r\nx\t2\r\n\r\n",
                              "memory");
  EXPECT_EQ(table.Columns(), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(table.RowCount(), 1U);
  EXPECT_EQ(table.At(0, "a"), Cell(std::string("x")));
}

TEST(Table, DamagedTextIsRefusedWithItsLine)
{
  const auto parse = [](std::string text)
  { return LineOf<InputError>([text] { ParseTsv(text, "scores.tsv"); }); };
  EXPECT_THAT(parse(""), HasSubstr("scores.tsv: empty"));
  EXPECT_THAT(parse("a\ta\n"), HasSubstr("two columns named 'a'"));
  EXPECT_THAT(parse("a\t\n"), HasSubstr("column 2"));
  EXPECT_THAT(parse("a\tb\n1\t2\n1\n"), HasSubstr("line 3: expected 2 cells"));
  EXPECT_THAT(parse(std::string("a\tb\n1\0\t2\n", 8)), HasSubstr("NUL"));
  EXPECT_THAT(parse("a\n1\n\n2\t3\n"), HasSubstr("line 4"));
}

TEST(Table, MisuseIsRefused)
{
  auto table = Example();
  EXPECT_THAT(LineOf<UsageError>([&] { table.ColumnIndex("dise"); }), HasSubstr("dice"));
  EXPECT_THAT(LineOf<UsageError>([&] { table.AddRow({1.0}); }), HasSubstr("1 cells"));
  EXPECT_THAT(LineOf<UsageError>([&] { table.Numbers("case"); }), HasSubstr("case_2"));
  table.Set(0, "case", std::string("two\twords"));
  EXPECT_THAT(LineOf<UsageError>([&] { ToTsv(table); }), HasSubstr("tab"));
}

TEST(Table, SortsNumbersBeforeTextsAndMissingLast)
{
  Table table({"value"});
  for (const Cell & cell :
       {Cell(), Cell(2.0), Cell(std::string("x")), Cell(std::int64_t{1}), Cell(std::nan(""))})
  {
    table.AddRow({cell});
  }
  table.SortBy("value");
  EXPECT_EQ(table.Texts("value"), (std::vector<std::string>{"1", "2", "x", "n/a", "n/a"}));
  table.SortBy("value", true);
  EXPECT_EQ(table.Texts("value"), (std::vector<std::string>{"2", "1", "x", "n/a", "n/a"}));
}

TEST(Table, WritesAtomicallyAndRefusesToReplace)
{
  const auto path = std::filesystem::path(testing::TempDir()) / "sulcus-table-test.tsv";
  std::filesystem::remove(path);
  WriteTsv(path, Example(), Overwrite::Refuse);
  EXPECT_EQ(ReadTsv(path).Rows(), Example().Rows());
  EXPECT_THROW(WriteTsv(path, Example(), Overwrite::Refuse), OutputError);
  WriteTsv(path, Table({"other"}), Overwrite::Allow);
  EXPECT_EQ(ReadTsv(path).RowCount(), 0U);
  std::filesystem::remove(path);
  EXPECT_THROW(ReadTsv(path), InputError);
}

TEST(TablePrint, ShowsRoundedNumbersWithUnits)
{
  EXPECT_EQ(ToText(Cell(0.123456), NumberFormat{3}), "0.12");
  EXPECT_EQ(ToText(Cell(123.456), NumberFormat{4}), "123.5");
  EXPECT_EQ(ToText(Cell(123456.7), NumberFormat{4}), "123457");
  EXPECT_EQ(ToText(Cell(1.5e-9), NumberFormat{3}), "1.50e-09");
  EXPECT_EQ(ToText(Cell(-std::numeric_limits<double>::infinity())), "-inf");
  EXPECT_EQ(ColumnTitle("hd95_mm"), "hd95 (mm)");
  EXPECT_EQ(ColumnTitle("volume_difference_percent"), "volume difference (%)");
  EXPECT_EQ(ColumnTitle("surface_dice"), "surface dice");
  EXPECT_EQ(ColumnTitle("_mm"), " mm");
}

TEST(TablePrint, MarkdownAndPlainTextAreAligned)
{
  Table table({"größe", "n"});
  table.AddRow({std::string("a|b"), std::int64_t{5}});
  table.AddRow({std::string("line\nbreak"), std::int64_t{10000}});
  EXPECT_EQ(ToMarkdown(table),
            "| größe      |     n |\n"
            "| ---------- | ----: |\n"
            "| a\\|b       |     5 |\n"
            "| line break | 10000 |\n");
  EXPECT_EQ(ToPlainText(table),
            "größe           n\n"
            "a|b             5\n"
            "line break  10000\n");
}

TEST(TablePrint, JsonHoldsNullForMissing)
{
  EXPECT_EQ(ToJsonText(Example()),
            "[\n {\n  \"case\": \"case_2\",\n  \"dice\": 0.75,\n  \"hd95_mm\": 1.5,\n  \"voxels\": "
            "12\n },\n"
            " {\n  \"case\": \"case_1\",\n  \"dice\": null,\n  \"hd95_mm\": \"inf\",\n  "
            "\"voxels\": 3\n }\n]\n");
}

} // namespace
} // namespace sulcus
