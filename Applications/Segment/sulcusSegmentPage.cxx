#include "sulcusSegmentPage.h"

#include <sulcusError.h>
#include <sulcusInputContract.h>
#include <sulcusMosaic.h>
#include <sulcusRunRecord.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <tuple>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

constexpr std::size_t MostColumns =
    8; // structures with a column of their own in the table of cases
constexpr std::size_t LargestPicture = 33'000; // bytes; a third more as text in the page
constexpr std::size_t OpenCases = 3;           // of several; the others open when pressed

std::string
TextOf(const ModelCard & model)
{
  const auto value = [&](const std::string & key, const std::string & fallback)
  {
    const auto found = model.provenance.find(key);
    return found == model.provenance.end() ? fallback : found->second;
  };
  auto text = model.file + ": " + value("objective", model.method);
  for (const auto & [key, name] : {std::pair("steps", "steps"),
                                   std::pair("labelled_cases", "labelled cases"),
                                   std::pair("unlabelled_cases", "unlabelled cases")})
  {
    const auto number = value(key, "");
    text += number.empty() ? "" : Message(", ", name, ": ", number);
  }
  const auto program = value("program", "");
  return program.empty() ? text : text + ", " + program;
}

double
LowestConfidence(const SegmentationSummary & summary)
{
  double lowest = 1.0;
  for (const auto & structure : summary.structures)
  {
    lowest = std::min(lowest, structure.meanConfidence.value_or(1.0));
  }
  return lowest;
}

/** Those that most need a second look first. */
std::vector<const SegmentPageCase *>
WorstFirst(const std::vector<SegmentPageCase> & cases)
{
  std::vector<const SegmentPageCase *> order;
  for (const auto & one : cases)
  {
    order.push_back(&one);
  }
  const auto key = [](const SegmentPageCase * one)
  {
    return std::tuple(one->summary.labelledVoxels > 0,
                      -static_cast<std::int64_t>(one->notes.size()),
                      LowestConfidence(one->summary));
  };
  std::stable_sort(
      order.begin(), order.end(), [&](const auto * a, const auto * b) { return key(a) < key(b); });
  return order;
}

double
MillilitresOf(const SegmentationSummary & summary)
{
  double volume = 0.0;
  for (const auto & structure : summary.structures)
  {
    volume += structure.volumeInMm3 / 1000.0;
  }
  return volume;
}

/** Where the page shows the case at this place of the order. */
std::string
AnchorOf(std::size_t place)
{
  return Message("case-", place + 1);
}

std::string
Now()
{
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return {text.data(), length};
}

std::string
HexOf(const Colour & colour)
{
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", colour[0], colour[1], colour[2]);
  return text.data();
}

Cell
Count(std::size_t number)
{
  return static_cast<std::int64_t>(number);
}

std::string
NameOf(const StructureSummary & structure, const std::vector<SegmentInfo> & segments)
{
  const auto named =
      std::find_if(segments.begin(),
                   segments.end(),
                   [&](const auto & segment) { return segment.labelValue == structure.value; });
  return named == segments.end() ? structure.name : named->name;
}

} // namespace

std::vector<std::byte>
DrawSegmentedCase(const FloatImage * image,
                  const LabelImage * labels,
                  const std::vector<SegmentInfo> & segments)
{
  SliceLayers layers;
  layers.image = image;
  layers.labels = labels;
  layers.segments = segments;
  MosaicOptions options;
  options.slices = 3;
  options.opacity = 0.2;
  options.greyLevels = 24;
  std::vector<std::byte> picture;
  for (const int tile : {160, 128, 104}) // three of the largest beside each other fit on a phone
  {
    options.tile = tile;
    picture = MosaicPng(layers, options, 9);
    if (picture.size() <= LargestPicture)
    {
      break;
    }
    options.greyLevels = 16;
  }
  return picture;
}

std::vector<std::string>
NotesOn(const SegmentationSummary & summary, const Plan & plan, const ImageGrid & grid)
{
  std::vector<std::string> notes;
  if (summary.labelledVoxels == 0)
  {
    notes.emplace_back("no structure was found");
  }
  else
  {
    std::string missing;
    for (const auto & structure : summary.structures)
    {
      missing += structure.voxels > 0 ? "" : (missing.empty() ? "" : ", ") + structure.name;
    }
    if (!missing.empty())
    {
      notes.push_back("not found: " + missing);
    }
  }
  const auto near = NearInputContract(plan, grid);
  notes.insert(notes.end(), near.begin(), near.end());
  return notes;
}

SegmentPage::SegmentPage(const SegmentSettings & settings,
                         std::vector<ModelCard> models,
                         Plan plan,
                         std::vector<SegmentInfo> segments)
    : m_Settings(settings), m_Models(std::move(models)), m_Plan(std::move(plan)),
      m_Segments(std::move(segments))
{
}

void
SegmentPage::Add(SegmentPageCase finished)
{
  m_Cases.push_back(std::move(finished));
}

void
SegmentPage::AddFailure(const std::string & id, const std::string & reason)
{
  m_Failures.emplace_back(id, reason);
}

HtmlPage
SegmentPage::Opening() const
{
  const auto all = m_Cases.size() + m_Failures.size();
  HtmlPage page(all == 1 && !m_Cases.empty() ? "Segmentation of " + m_Cases.front().id
                                             : Message("Segmentation of ", all, " cases"));
  if (!m_Failures.empty())
  {
    page.AddNotice(Message(m_Failures.size(), " of ", all, " cases failed."));
  }
  std::vector<std::pair<std::string, std::string>> facts;
  for (const auto & model : m_Models)
  {
    facts.emplace_back("Model", TextOf(model));
  }
  if (!m_Plan.dataset.empty())
  {
    facts.emplace_back("Trained on", m_Plan.dataset);
  }
  const auto * rules = m_Plan.componentRules.empty()            ? "the model has none"
                       : m_Settings.segmentation.componentRules ? "applied"
                                                                : "switched off";
  facts.emplace_back(
      "Prediction",
      Message("mirrored copies: ", m_Settings.segmentation.flips, "; component rules: ", rules));
  facts.emplace_back("Program", "sulcus-segment " + Version());
  facts.emplace_back("Date", Now());
  page.AddKeyValues(facts);
  page.AddParagraph(
      "Research software; not a medical device. No name, number or date of a patient is on this "
      "page; but cases and files are called as they were given, series as the scanner calls them, "
      "and slices of a head are no anonymous picture.");
  return page;
}

void
SegmentPage::AddFailures(HtmlPage & page) const
{
  if (m_Failures.empty())
  {
    return;
  }
  Table table({"case", "reason"});
  for (const auto & [id, reason] : m_Failures)
  {
    table.AddRow({id, reason});
  }
  page.AddSection("Failed cases", "failed");
  page.AddTable(table);
}

void
SegmentPage::AddAllCases(HtmlPage & page, const std::vector<const SegmentPageCase *> & order) const
{
  const bool each = m_Plan.labels.size() <= MostColumns + 1;
  std::vector<std::string> columns{"case", "notes", "lowest_confidence"};
  for (std::size_t k = 1; each && k < m_Plan.labels.size(); ++k)
  {
    columns.push_back(m_Plan.labels[k].name + "_ml");
  }
  if (!each)
  {
    columns.emplace_back("all_structures_ml");
  }
  Table table(columns);
  HtmlTableOptions options;
  options.linkColumn = "case";
  for (const auto * one : order)
  {
    options.links.emplace_back(one->id, AnchorOf(options.links.size()));
    Table::Row row{one->id, Count(one->notes.size()), LowestConfidence(one->summary)};
    for (std::size_t k = 0; each && k < one->summary.structures.size(); ++k)
    {
      row.emplace_back(one->summary.structures[k].volumeInMm3 / 1000.0);
    }
    if (!each)
    {
      row.emplace_back(MillilitresOf(one->summary));
    }
    if (one->summary.labelledVoxels == 0)
    {
      row[2] = Cell();
    }
    table.AddRow(std::move(row));
  }
  page.AddSection("All cases", "cases");
  page.AddParagraph("First those without any structure, then those with the most notes and the "
                    "lowest confidence; a press on a heading sorts by that column. Confidence: "
                    "mean probability of the chosen label over the voxels of a structure.");
  page.AddTable(table, options);
}

Table
SegmentPage::StructuresOf(const SegmentPageCase & one) const
{
  const bool ruled = !one.summary.rules.empty();
  std::vector<std::string> columns{"label", "structure", "volume_ml", "voxels", "components"};
  if (ruled)
  {
    columns.insert(columns.end(), {"removed_components", "removed_voxels"});
  }
  columns.emplace_back("mean_confidence");
  Table table(columns);
  for (const auto & structure : one.summary.structures)
  {
    Table::Row row{std::int64_t{structure.value},
                   NameOf(structure, m_Segments),
                   structure.volumeInMm3 / 1000.0,
                   Count(structure.voxels),
                   structure.components ? Count(*structure.components) : Cell()};
    if (ruled)
    {
      const auto * rule = one.summary.RuleOf(structure.value);
      row.push_back(rule ? Count(rule->componentsBefore - rule->componentsAfter) : Cell());
      row.push_back(rule ? Count(rule->voxelsRemoved) : Cell());
    }
    row.push_back(structure.meanConfidence ? Cell(*structure.meanConfidence) : Cell());
    table.AddRow(std::move(row));
  }
  return table;
}

void
SegmentPage::AddCase(HtmlPage & page, const SegmentPageCase & one) const
{
  for (const auto & note : one.notes)
  {
    page.AddNotice(note);
  }
  HtmlTableOptions options;
  options.swatchColumn = "label";
  for (const auto & structure : one.summary.structures)
  {
    options.swatches.emplace_back(std::to_string(structure.value),
                                  HexOf(LabelColour(m_Segments, structure.value)));
  }
  page.AddTable(StructuresOf(one), options);
  page.AddPng(one.picture,
              "Slices of case " + one.id + " with the segmentation",
              "Slices where the structures are; the letters are sides of the patient.");
  std::vector<std::pair<std::string, std::string>> facts;
  for (const auto & series : one.series)
  {
    facts.emplace_back("DICOM series", series);
  }
  facts.emplace_back("Image", one.grid);
  page.AddKeyValues(facts);
  const auto folder = fs::weakly_canonical(fs::absolute(m_Settings.html)).parent_path();
  page.AddFileLink("Open " + fs::path(one.output).filename().string(),
                   fs::weakly_canonical(fs::absolute(one.output)).lexically_relative(folder));
}

void
SegmentPage::Write(Overwrite overwrite) const
{
  auto page = Opening();
  AddFailures(page);
  if (m_Cases.size() == 1 && m_Failures.empty())
  {
    AddCase(page, m_Cases.front());
  }
  else if (!m_Cases.empty())
  {
    const auto order = WorstFirst(m_Cases);
    AddAllCases(page, order);
    page.AddSection("One by one", "pictures");
    for (std::size_t i = 0; i < order.size(); ++i)
    {
      const auto & one = *order[i];
      page.BeginGroup(Message(one.id,
                              ": ",
                              ToText(MillilitresOf(one.summary), NumberFormat()),
                              " ml",
                              one.notes.empty() ? "" : ", with notes"),
                      i < OpenCases,
                      AnchorOf(i));
      AddCase(page, one);
      page.EndGroup();
    }
  }
  page.Write(m_Settings.html, overwrite);
}

} // namespace sulcus
