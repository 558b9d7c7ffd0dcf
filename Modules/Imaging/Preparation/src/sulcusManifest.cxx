#include "sulcusDatasetListing.h"
#include "sulcusManifestTable.h"
#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusSpacing.h>
#include <sulcusTable.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

const std::string imagePrefix = "image_";
const std::string annotatorPrefix = "annotator_";

std::string
TextIn(const Table & table, std::size_t row, const std::string & column)
{
  if (!table.HasColumn(column) || IsMissing(table.At(row, column)))
  {
    return {};
  }
  return ToText(table.At(row, column));
}

/** Checks the heading; returns the columns of the images. */
std::vector<std::string>
CheckColumns(const Table & table, const std::string & origin)
{
  const std::vector<std::string> known{"case",
                                       "subject",
                                       "site",
                                       "split",
                                       "fold",
                                       "image",
                                       "label",
                                       "soft_label",
                                       "weight",
                                       "confidence",
                                       "observed",
                                       "spacing"};
  std::vector<std::string> images;
  for (const auto & column : table.Columns())
  {
    const bool isImage = column == "image" || column.starts_with(imagePrefix);
    if (isImage)
    {
      images.push_back(column);
    }
    else if (!column.starts_with(annotatorPrefix) &&
             std::find(known.begin(), known.end(), column) == known.end())
    {
      throw UsageError(
          Message(origin, ": unknown column '", column, "'; ", SuggestName(column, known)));
    }
  }
  if (!table.HasColumn("case") || images.empty())
  {
    throw UsageError(
        Message(origin, ": needs the columns 'case' and 'image' (or 'image_<channel>')"));
  }
  if (images.size() > 1 && table.HasColumn("image"))
  {
    throw UsageError(Message(origin, ": has both 'image' and '", images.back(), "'"));
  }
  return images;
}

CaseSource
ReadRow(const Table & table,
        std::size_t row,
        const std::vector<std::string> & images,
        const std::filesystem::path & folder,
        const std::string & origin)
{
  const auto text = [&](const std::string & column) { return TextIn(table, row, column); };
  const auto path = [&](const std::string & column)
  {
    const auto name = text(column);
    return name.empty() ? std::string() : (folder / name).lexically_normal().string();
  };
  CaseSource source;
  source.id = text("case");
  const std::string where = Message(origin, ": line ", row + 2);
  if (source.id.empty())
  {
    throw UsageError(Message(where, ": no case id"));
  }
  source.subject = text("subject");
  source.site = text("site");
  source.split = text("split").empty() ? "train" : text("split");
  const std::vector<std::string> splits{"train", "validation", "test"};
  if (std::find(splits.begin(), splits.end(), source.split) == splits.end())
  {
    throw UsageError(
        Message(where, ": split '", source.split, "'; ", SuggestName(source.split, splits)));
  }
  if (const auto fold = text("fold"); !fold.empty())
  {
    const auto number = ReadNumbers(fold, where + ": fold");
    if (number.size() != 1 || number[0] < 0 || number[0] > 1000 ||
        number[0] != std::floor(number[0]))
    {
      throw UsageError(Message(where, ": fold '", fold, "', need a whole number from 0"));
    }
    source.fold = static_cast<int>(number[0]);
  }
  for (const auto & column : images)
  {
    if (text(column).empty())
    {
      throw UsageError(Message(where,
                               ": case '",
                               source.id,
                               "' has no ",
                               column,
                               "; it needs ",
                               images.size(),
                               " channels"));
    }
    source.images.push_back(path(column));
  }
  source.label = path("label");
  source.softLabel = path("soft_label");
  source.weight = path("confidence");
  source.observed = path("observed");
  if (!source.label.empty() && !source.softLabel.empty())
  {
    throw UsageError(Message(where, ": case '", source.id, "' has both a label and a soft_label"));
  }
  for (const auto & column : table.Columns())
  {
    if (column.starts_with(annotatorPrefix) && !text(column).empty())
    {
      source.annotators[column.substr(annotatorPrefix.size())] = path(column);
    }
  }
  if (const auto spacing = text("spacing"); !spacing.empty())
  {
    source.spacingInMm = SpacingFromNumbers(ReadNumbers(spacing, where + ": spacing"), where);
  }
  return source;
}

} // namespace

Table
ReadManifestTable(const std::filesystem::path & manifest)
{
  auto table = ReadTsv(manifest, CellTyping::Texts);
  if (!table.HasColumn("weight"))
  {
    return table;
  }
  if (table.HasColumn("confidence"))
  {
    throw UsageError(
        Message(manifest.string(), ": has both 'weight' and 'confidence', which mean the same"));
  }
  auto columns = table.Columns();
  std::replace(columns.begin(), columns.end(), std::string("weight"), std::string("confidence"));
  Table renamed(columns);
  for (const auto & row : table.Rows())
  {
    renamed.AddRow(row);
  }
  return renamed;
}

void
ListManifest(const std::filesystem::path & manifest, Dataset & dataset)
{
  const auto table = ReadManifestTable(manifest);
  const auto images = CheckColumns(table, dataset.origin);
  if (images.front() != "image")
  {
    dataset.channels.clear();
    for (const auto & column : images)
    {
      dataset.channels.push_back(column.substr(imagePrefix.size()));
    }
  }
  for (std::size_t row = 0; row < table.RowCount(); ++row)
  {
    dataset.cases.push_back(ReadRow(table, row, images, manifest.parent_path(), dataset.origin));
  }
}

} // namespace sulcus
