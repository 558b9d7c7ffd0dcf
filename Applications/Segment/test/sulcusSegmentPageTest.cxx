#include "sulcusSegmentDicomSample.h"
#include <sulcusJson.h>
#include <sulcusLabelComponents.h>
#include <sulcusMosaic.h>
#include <sulcusPngPicture.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <regex>

namespace
{

using namespace sulcus;
using testing::HasSubstr;
using testing::Not;

/** The cells of every table row, as the page shows them; full precision where it keeps it. */
std::vector<std::vector<std::string>>
RowsOf(const std::string & html)
{
  std::vector<std::vector<std::string>> rows;
  static const std::regex cell("<td([^>]*)>(.*?)</td>");
  static const std::regex full(".*data-v=\"([^\"]*)\".*");
  static const std::regex tag("<[^>]*>");
  for (auto at = html.find("<tr><td"); at != std::string::npos; at = html.find("<tr><td", at + 1))
  {
    const auto row = html.substr(at, html.find("</tr>", at) - at);
    rows.emplace_back();
    for (std::sregex_iterator it(row.begin(), row.end(), cell), end; it != end; ++it)
    {
      const auto attributes = (*it)[1].str();
      std::smatch precise;
      rows.back().push_back(std::regex_match(attributes, precise, full)
                                ? precise[1].str()
                                : std::regex_replace((*it)[2].str(), tag, ""));
    }
  }
  return rows;
}

std::string
FromBase64(const std::string & text)
{
  static const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned int bits = 0;
  int held = 0;
  for (const char c : text)
  {
    const auto value = digits.find(c);
    if (value == std::string::npos)
    {
      break; // padding
    }
    bits = bits << 6U | static_cast<unsigned int>(value);
    held += 6;
    if (held >= 8)
    {
      held -= 8;
      bytes += static_cast<char>(bits >> static_cast<unsigned int>(held) & 255U);
    }
  }
  return bytes;
}

const std::string PictureStart = "src=\"data:image/png;base64,";

/** What a reader can find by searching; the letters of a picture spell anything. */
std::string
WithoutPictures(std::string html)
{
  for (auto at = html.find(PictureStart); at != std::string::npos; at = html.find(PictureStart))
  {
    html.erase(at, html.find('"', at + PictureStart.size()) + 1 - at);
  }
  return html;
}

/** Every picture of a page, decoded by another library. */
std::vector<RgbPicture>
PicturesOf(const std::string & html, const TestFolder & folder)
{
  std::vector<RgbPicture> pictures;
  for (auto at = html.find(PictureStart); at != std::string::npos;
       at = html.find(PictureStart, at + 1))
  {
    const auto begin = at + PictureStart.size();
    const auto file = folder / ("picture" + std::to_string(pictures.size()) + ".png");
    std::ofstream(file, std::ios::binary)
        << FromBase64(html.substr(begin, html.find('"', begin) - begin));
    pictures.push_back(ReadPng(file.string()));
  }
  return pictures;
}

/** What the page must show of a label map, counted here: label, voxels, ml, components. */
void
ExpectStructure(const std::vector<std::string> & row,
                const LabelImage * labels,
                std::uint16_t value,
                const std::string & name)
{
  const auto count = labels->GetBufferedRegion().GetNumberOfPixels();
  const auto voxels =
      std::count(labels->GetBufferPointer(), labels->GetBufferPointer() + count, value);
  const auto spacing = labels->GetSpacing();
  const LabelComponents found(labels);
  const auto components = std::count_if(found.Components().begin(),
                                        found.Components().end(),
                                        [&](const auto & one) { return one.label == value; });
  ASSERT_GE(row.size(), 6U);
  EXPECT_EQ(row[0], std::to_string(value));
  EXPECT_EQ(row[1], name);
  EXPECT_NEAR(std::stod(row[2]),
              static_cast<double>(voxels) * spacing[0] * spacing[1] * spacing[2] / 1000.0,
              1e-9);
  EXPECT_EQ(std::stol(row[3]), voxels);
  EXPECT_EQ(std::stol(row[4]), components);
  EXPECT_GT(voxels, 0);
}

TEST_F(SegmentDicom, FolderToSegmentationAndPageInOneCommand)
{
  std::filesystem::create_directory(m_Folder / "seg out");
  ASSERT_EQ(
      Segment("dicom", "seg out/seg.dcm", {"--html", At("page.html"), "--report", At("run.json")})
          .status,
      0);
  const auto html = TextOf(m_Folder / "page.html");
  EXPECT_LT(html.size(), 50'000U);
  EXPECT_THAT(html, Not(HasSubstr("http:")));
  EXPECT_THAT(html, Not(HasSubstr("https:")));
  const auto words = WithoutPictures(html);
  for (const char * identity : {"SENTINEL", "JANE", "4711"})
  {
    EXPECT_THAT(words, Not(HasSubstr(identity)));
  }
  EXPECT_THAT(html, HasSubstr("<dd>t1 sag &lt;3D&gt;</dd>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"seg%20out/seg.dcm\">"));
  EXPECT_THAT(html, HasSubstr("not a medical device"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"notice\"")));

  ReadOptions options;
  options.reference = At("dicom");
  const auto labels = ReadSegmentation(At("seg out/seg.dcm"), options).image;
  const auto rows = RowsOf(html);
  ASSERT_EQ(rows.size(), 2U);
  ExpectStructure(rows[0], labels, 1, "left part");
  ExpectStructure(rows[1], labels, 2, "right part");

  const auto record = ReadJsonFile(At("run.json"));
  const auto & outputs = record["outputs"];
  EXPECT_TRUE(std::any_of(outputs.begin(),
                          outputs.end(),
                          [&](const auto & o) { return o["path"] == At("page.html"); }));
  const auto confidence = record["results"]["cases"][0]["labels"][0]["mean_confidence"];
  EXPECT_NEAR(std::stod(rows[0].back()), confidence.get<double>(), 1e-12);
}

/** The picture is the mosaic of the very files: the same places, sides, colours and names. */
TEST_F(SegmentDicom, ThePageShowsTheMosaicOfImageAndResult)
{
  ASSERT_EQ(Segment("dicom", "seg.dcm", {"--html", At("page.html"), "--confidence"}).status, 0);
  const auto html = TextOf(m_Folder / "page.html");
  const auto pictures = PicturesOf(html, m_Folder);
  ASSERT_EQ(pictures.size(), 1U);
  ReadOptions options;
  options.reference = At("dicom");
  const auto image = ReadImage(At("dicom")).image;
  const auto result = ReadSegmentation(At("seg.dcm"), options);
  SliceLayers layers;
  layers.image = image;
  layers.labels = result.image;
  layers.segments = result.info.segments;
  for (std::size_t i = 0; i < layers.segments.size(); ++i)
  {
    layers.segments[i].color = DefaultSegment(static_cast<std::uint16_t>(i + 1)).color;
  }
  MosaicOptions drawing;
  drawing.slices = 3;
  drawing.opacity = 0.2;
  std::size_t found = 0;
  for (const auto & [tile, levels] :
       std::vector<std::pair<int, int>>{{160, 24}, {128, 16}, {104, 16}})
  {
    drawing.tile = tile;
    drawing.greyLevels = levels;
    const auto expected = DrawMosaic(layers, drawing).picture;
    found += pictures[0].width == expected.width && pictures[0].height == expected.height &&
             pictures[0].pixels == expected.pixels;
  }
  EXPECT_EQ(found, 1U);
  const auto colour = DefaultSegment(2).color;
  char hex[8];
  std::snprintf(hex, sizeof(hex), "#%02x%02x%02x", colour[0], colour[1], colour[2]);
  EXPECT_THAT(html, HasSubstr("background:" + std::string(hex) + "\"></span>2</td>"));

  // The mean over the map that --confidence wrote.
  const auto map = ReadImage(At("seg_confidence.nii.gz")).image;
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t i = 0; i < GridOf(map.GetPointer()).VoxelCount(); ++i)
  {
    const bool inside = result.image->GetBufferPointer()[i] == 1;
    sum += inside ? static_cast<double>(map->GetBufferPointer()[i]) : 0.0;
    count += inside ? 1.0 : 0.0;
  }
  EXPECT_NEAR(std::stod(RowsOf(html)[0].back()), sum / count, 1e-6);
}

/** Folder names stand for cases; thick.nii.gz lies outside the contract. */
TEST_F(SegmentDicom, ABatchShowsItsFailuresAndOrdersTheOthers)
{
  auto model = ReadModelFile(At("model.safetensors"));
  model.plan.inputContract.largestSpacingInMm = {1.6, 1.6, 1.6}; // 1.5 mm is near
  model.plan.componentRules = {{}, {true, 0.0}, {}};
  WriteModelFile(At("model.safetensors"), model, Overwrite::Allow);
  auto grid = GridOf(m_Image.GetPointer());
  grid.spacing[2] = 1.0;
  const auto thin = NewImage<FloatImage>(grid);
  std::copy_n(m_Image->GetBufferPointer(), grid.VoxelCount(), thin->GetBufferPointer());
  WriteImage(At("thin.nii.gz"), thin.GetPointer());
  grid.spacing[2] = 3.0;
  WriteImage(At("thick.nii.gz"), NewImage<FloatImage>(grid).GetPointer());
  std::ofstream(At("damaged <b>.nii.gz")) << "no image";
  const auto run = RunProgram("segment",
                              {At("thin.nii.gz"),
                               At("scan.nii.gz"),
                               At("thick.nii.gz"),
                               At("damaged <b>.nii.gz"),
                               "--model",
                               At("model.safetensors"),
                               "--output",
                               At("results"),
                               "--html",
                               At("results/page.html")});
  ASSERT_EQ(run.status, 7) << run.errors;
  EXPECT_EQ(FilesBelow(m_Folder / "results"),
            (std::vector<std::string>{"page.html", "scan.nii.gz", "thin.nii.gz"}));
  const auto html = TextOf(m_Folder / "results" / "page.html");
  EXPECT_THAT(html, HasSubstr("2 of 4 cases failed"));
  EXPECT_THAT(html, HasSubstr("<a href=\"thin.nii.gz\">"));
  EXPECT_THAT(html, HasSubstr("near the edge of what the model accepts"));
  const auto rows = RowsOf(html);
  ASSERT_EQ(rows.size(), 8U) << "failures, cases, structures of both";
  EXPECT_EQ(rows[0][0], "thick");
  EXPECT_THAT(rows[0][1], HasSubstr("3 mm"));
  EXPECT_EQ(rows[1][0], "damaged &lt;b&gt;");
  EXPECT_EQ(rows[2][0], "scan") << "the case with notes stands first";
  EXPECT_EQ(rows[2][1], "1");
  EXPECT_EQ(rows[3][0], "thin");
  EXPECT_EQ(rows[3][1], "0");
  const auto labels = ReadLabels(At("results/scan.nii.gz")).image;
  ExpectStructure(rows[4], labels, 1, "left part");
  EXPECT_EQ(rows[4][4], "1") << "the rule keeps the largest component";
  EXPECT_EQ(rows[5][5], "n/a") << "no rule, nothing removed";
  EXPECT_EQ(rows[2][3], rows[4][2]) << "the same volume in both tables";
  EXPECT_EQ(PicturesOf(html, m_Folder).size(), 2U);
}

TEST_F(SegmentDicom, AnEmptyResultIsCalledSo)
{
  auto model = ReadModelFile(At("model.safetensors"));
  model.weights.at("head.bias")[0] = 100.0F; // everything is background
  WriteModelFile(At("model.safetensors"), model, Overwrite::Allow);
  ASSERT_EQ(Segment("scan.nii.gz", "labels.nii.gz", {"--html", At("page.html")}).status, 0);
  const auto html = TextOf(m_Folder / "page.html");
  EXPECT_THAT(html, HasSubstr("<p class=\"notice\">no structure was found</p>"));
  EXPECT_EQ(RowsOf(html)[0].back(), "n/a");
  EXPECT_EQ(PicturesOf(html, m_Folder).size(), 1U);
}

TEST_F(SegmentDicom, APageThatCannotBeWrittenIsRefusedBeforeAnythingElse)
{
  std::ofstream(At("taken.html")) << "kept";
  std::filesystem::create_directory(m_Folder / "folder.html");
  const std::vector<std::pair<std::string, int>> pages{
      {"taken.html", 4}, {"none/page.html", 4}, {"page.txt", 2}, {"folder.html", 4}};
  for (const auto & [name, status] : pages)
  {
    const auto run = Segment("dicom", "seg.dcm", {"--html", At(name)});
    EXPECT_EQ(run.status, status) << name << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_FALSE(std::filesystem::exists(At("seg.dcm"))) << name;
  }
  EXPECT_EQ(Segment("dicom", "seg.dcm", {"--html", At("taken.html"), "--dry_run"}).status, 4);
  EXPECT_EQ(TextOf(m_Folder / "taken.html"), "kept");
  EXPECT_EQ(Segment("dicom", "seg.dcm", {"--html", At("folder.html"), "--overwrite"}).status, 4);
  EXPECT_FALSE(std::filesystem::exists(At("seg.dcm")));
  EXPECT_EQ(Segment("dicom", "seg.dcm", {"--html", At("new.html"), "--dry_run"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(At("new.html")));
  EXPECT_EQ(Segment("dicom", "seg.dcm", {"--html", At("taken.html"), "--overwrite"}).status, 0);
  EXPECT_THAT(TextOf(m_Folder / "taken.html"), HasSubstr("</html>"));
}

} // namespace
