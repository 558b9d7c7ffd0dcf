#pragma once

#include "sulcusTable.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** Base64 (RFC 4648) with padding. */
std::string
Base64(std::span<const std::byte> bytes);

struct HtmlTableOptions
{
  std::string caption;
  NumberFormat format;
  std::string sortedBy; ///< column that the rows are already sorted by, marked in the heading
  /** Column whose texts become links within the page: cell text → section id. */
  std::string linkColumn;
  std::vector<std::pair<std::string, std::string>> links;
  /** Column whose texts get a square of a colour in front: cell text → "#rrggbb". */
  std::string swatchColumn;
  std::vector<std::pair<std::string, std::string>> swatches;
};

/** A page in one file: opens offline, asks the network for nothing (a content-security policy says
 * so), readable on a phone and in print, in light and dark. All text given to it is escaped.
 *
 * Sections may be nested with BeginGroup / EndGroup (a closed `<details>`), so that a report of
 * hundreds of cases stays short. */
class HtmlPage
{
public:
  explicit HtmlPage(std::string title);

  /** A heading with an entry in the table of contents. \param id letters, digits and hyphens; made
   * from the title where empty. \returns the id used, unique on the page. */
  std::string
  AddSection(const std::string & title, const std::string & id = {});
  void
  AddHeading(const std::string & title);
  void
  AddParagraph(const std::string & text);
  /** A paragraph that stands out. */
  void
  AddNotice(const std::string & text);
  void
  AddList(std::span<const std::string> items);
  void
  AddKeyValues(std::span<const std::pair<std::string, std::string>> values);
  void
  AddPreformatted(const std::string & text);
  /** A paragraph that opens a file when pressed. \param relative from the page's folder, so that
   * both can be moved together; percent-encoded. \throws UsageError for an empty or absolute path.
   */
  void
  AddFileLink(const std::string & text, const std::filesystem::path & relative);
  /** A heading cell sorts by its column when pressed; missing cells stay last. \throws UsageError
   * for a swatch that is no colour. */
  void
  AddTable(const Table & table, const HtmlTableOptions & options = {});
  /** A chart made by this module. \throws UsageError if the text is no `<svg>` element or holds a
   * script. */
  void
  AddChart(const std::string & svg, const std::string & caption = {});
  /** \param png an encoded picture. \throws UsageError if the bytes are no PNG file. */
  void
  AddPng(std::span<const std::byte> png,
         const std::string & description,
         const std::string & caption = {});
  /** Starts a part that opens when its title is pressed. \returns its id, unique on the page. */
  std::string
  BeginGroup(const std::string & title, bool open = false, const std::string & id = {});
  void
  EndGroup();

  /** The whole page. \throws UsageError if a group is still open. */
  std::string
  Render() const;
  /** Through AtomicFile; returns the file's SHA-256. */
  std::string
  Write(const std::filesystem::path & path, Overwrite overwrite) const;

private:
  std::string
  UniqueId(const std::string & wish);

  std::string m_Title;
  std::string m_Body;
  std::vector<std::pair<std::string, std::string>> m_Contents; ///< id, title
  std::vector<std::string> m_Ids;
  int m_OpenGroups = 0;
};

} // namespace sulcus
