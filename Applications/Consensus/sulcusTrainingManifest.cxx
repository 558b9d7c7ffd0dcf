#include "sulcusConsensusRun.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Columns that mean the same in both manifests, texts and paths. */
const std::vector<std::string> textColumns{"subject", "site", "split", "fold", "spacing"};

bool
IsImageColumn(const std::string & column)
{
  return column == "image" || column.starts_with("image_");
}

/** A path relative to the new manifest. */
Cell
Rebased(const fs::path & path, const fs::path & folder)
{
  return fs::relative(fs::absolute(path), fs::absolute(folder)).string();
}

/** The new manifest, a row at a time. */
class ManifestWriter
{
public:
  ManifestWriter(const ConsensusCohort & cohort, const ConsensusProgramOptions & options)
      : m_Cohort(cohort), m_Folder(options.outputFolder),
        m_Fused(options.outputs == "standard" ? "soft_label" : "label"),
        m_FileOfFused(options.outputs == "standard" ? "_soft.nii.gz" : "_consensus.nii.gz")
  {
    std::vector<std::string> columns{"case"};
    if (cohort.manifest)
    {
      for (const auto & column : cohort.manifest->Columns())
      {
        const bool text =
            std::find(textColumns.begin(), textColumns.end(), column) != textColumns.end();
        if (text || IsImageColumn(column) || column == "observed")
        {
          columns.push_back(column);
        }
      }
    }
    else
    {
      columns.push_back("image");
    }
    columns.insert(columns.end(), {"label", "soft_label", "confidence"});
    m_Table = Table(columns);
  }

  void
  AddFiles(const ConsensusCase & source)
  {
    NewRow(source.id);
    if (!source.image.empty())
    {
      Set("image", Rebased(source.image, m_Folder));
    }
    AddConsensus(source);
  }

  /** \param annotated what was fused of the row's case, or null */
  void
  AddManifestRow(std::size_t row, const ConsensusCase * annotated)
  {
    const auto & given = *m_Cohort.manifest;
    const auto text = [&](const std::string & column)
    {
      return given.HasColumn(column) && !IsMissing(given.At(row, column))
                 ? ToText(given.At(row, column))
                 : std::string();
    };
    NewRow(text("case"));
    for (const auto & column : m_Table.Columns())
    {
      const bool path = IsImageColumn(column) || column == "observed";
      if (column != "case" && !text(column).empty() && column != "label" &&
          column != "soft_label" && column != "confidence")
      {
        Set(column, path ? Rebased(m_Cohort.folder / text(column), m_Folder) : Cell{text(column)});
      }
    }
    const bool training = text("split").empty() || text("split") == "train";
    if (annotated && training)
    {
      AddConsensus(*annotated);
      return;
    }
    for (const char * column : {"label", "soft_label", "confidence"})
    {
      if (!text(column).empty())
      {
        Set(column, Rebased(m_Cohort.folder / text(column), m_Folder));
      }
    }
  }

  const Table &
  Result() const
  {
    return m_Table;
  }

private:
  void
  NewRow(const std::string & id)
  {
    m_Table.AddRow(Table::Row(m_Table.Columns().size()));
    Set("case", id);
  }

  void
  Set(const std::string & column, Cell value)
  {
    m_Table.Set(m_Table.RowCount() - 1, column, std::move(value));
  }

  void
  AddConsensus(const ConsensusCase & source)
  {
    Set(m_Fused, source.id + m_FileOfFused);
    Set("confidence", source.id + "_weight.nii.gz");
  }

  const ConsensusCohort & m_Cohort;
  fs::path m_Folder;
  std::string m_Fused;
  std::string m_FileOfFused;
  Table m_Table;
};

} // namespace

void
WriteTrainingManifest(const ConsensusCohort & cohort,
                      const std::set<std::uint16_t> & labels,
                      const ConsensusProgramOptions & options,
                      RunContext & context)
{
  ManifestWriter manifest(cohort, options);
  std::map<std::string, const ConsensusCase *> annotated;
  for (const auto & one : cohort.cases)
  {
    annotated[one.id] = &one;
    if (!cohort.manifest)
    {
      manifest.AddFiles(one);
    }
  }
  for (std::size_t row = 0; cohort.manifest && row < cohort.manifest->RowCount(); ++row)
  {
    const auto fused = annotated.find(ToText(cohort.manifest->At(row, "case")));
    manifest.AddManifestRow(row, fused == annotated.end() ? nullptr : fused->second);
  }
  nlohmann::ordered_json description;
  for (const auto value : labels)
  {
    const auto known = cohort.labelNames.find(value);
    const auto name = known != cohort.labelNames.end() ? known->second
                      : value == 0                     ? "background"
                                                       : "label_" + std::to_string(value);
    description["labels"][name] = value;
  }
  if (cohort.ignored)
  {
    description["labels"]["ignore"] = *cohort.ignored;
  }
  const fs::path folder = options.outputFolder;
  AtomicWriteText(folder / "dataset.json", description.dump(1) + "\n", context.OverwriteRule());
  context.record.AddOutput(folder / "dataset.json");
  WriteTsv(folder / "manifest.tsv", manifest.Result(), context.OverwriteRule());
  context.record.AddOutput(folder / "manifest.tsv");
}

} // namespace sulcus
