#include "sulcusHtml.h"

#include "sulcusHtmlStyle.h"
#include <sulcusError.h>
#include <sulcusMarkup.h>
#include <sulcusRunRecord.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sulcus
{
namespace
{

const std::string *
Find(const std::vector<std::pair<std::string, std::string>> & entries, const std::string & key)
{
  const auto found = std::find_if(
      entries.begin(), entries.end(), [&](const auto & entry) { return entry.first == key; });
  return found == entries.end() ? nullptr : &found->second;
}

bool
IsColour(const std::string & text)
{
  return text.size() == 7 && text[0] == '#' &&
         text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
}

/** What stands in a cell: its text, as a link or after a swatch where the options say so. */
std::string
CellContent(const Cell & cell, const std::string & column, const HtmlTableOptions & options)
{
  auto shown = EscapeMarkup(ToText(cell, options.format));
  const auto text = ToText(cell);
  if (const auto * link = column == options.linkColumn ? Find(options.links, text) : nullptr)
  {
    shown = fmt::format("<a href=\"#{}\">{}</a>", EscapeMarkup(*link), shown);
  }
  if (const auto * colour = column == options.swatchColumn ? Find(options.swatches, text) : nullptr)
  {
    if (!IsColour(*colour))
    {
      throw UsageError(Message("swatch of '", text, "': '", *colour, "' is no colour #rrggbb"));
    }
    shown = fmt::format("<span class=\"swatch\" style=\"background:{}\"></span>{}", *colour, shown);
  }
  return shown;
}

std::string
CellElement(const Cell & cell,
            const std::string & column,
            bool numeric,
            const HtmlTableOptions & options)
{
  const bool missing = IsMissing(cell);
  const auto kind = missing   ? (numeric ? " class=\"n m\"" : " class=\"m\"")
                    : numeric ? " class=\"n\""
                              : "";
  const auto full = ToText(cell);
  const bool rounded = numeric && !missing && full != ToText(cell, options.format);
  const auto shown = CellContent(cell, column, options);
  return rounded ? fmt::format("<td{} data-v=\"{}\">{}</td>", kind, full, shown)
                 : fmt::format("<td{}>{}</td>", kind, shown);
}

} // namespace

std::string
Base64(std::span<const std::byte> bytes)
{
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3)
  {
    const auto at = [&](std::size_t k)
    { return i + k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U; };
    const std::uint32_t group = at(0) << 16 | at(1) << 8 | at(2);
    text += digits[group >> 18 & 63];
    text += digits[group >> 12 & 63];
    text += i + 1 < bytes.size() ? digits[group >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? digits[group & 63] : '=';
  }
  return text;
}

HtmlPage::HtmlPage(std::string title) : m_Title(std::move(title))
{
}

std::string
HtmlPage::UniqueId(const std::string & wish)
{
  std::string base;
  for (const char c : wish)
  {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool capital = c >= 'A' && c <= 'Z';
    base += plain ? c : capital ? static_cast<char>(c - 'A' + 'a') : '-';
  }
  if (base.empty())
  {
    base = "part";
  }
  std::string id = base;
  for (int n = 2; std::find(m_Ids.begin(), m_Ids.end(), id) != m_Ids.end(); ++n)
  {
    id = base + "-" + std::to_string(n);
  }
  m_Ids.push_back(id);
  return id;
}

std::string
HtmlPage::AddSection(const std::string & title, const std::string & id)
{
  const auto used = UniqueId(id.empty() ? title : id);
  m_Contents.emplace_back(used, title);
  m_Body += fmt::format("<h2 id=\"{}\">{}</h2>\n", used, EscapeMarkup(title));
  return used;
}

void
HtmlPage::AddHeading(const std::string & title)
{
  m_Body += fmt::format("<h3>{}</h3>\n", EscapeMarkup(title));
}

void
HtmlPage::AddParagraph(const std::string & text)
{
  m_Body += fmt::format("<p>{}</p>\n", EscapeMarkup(text));
}

void
HtmlPage::AddNotice(const std::string & text)
{
  m_Body += fmt::format("<p class=\"notice\">{}</p>\n", EscapeMarkup(text));
}

void
HtmlPage::AddList(std::span<const std::string> items)
{
  m_Body += "<ul>\n";
  for (const auto & item : items)
  {
    m_Body += fmt::format("<li>{}</li>\n", EscapeMarkup(item));
  }
  m_Body += "</ul>\n";
}

void
HtmlPage::AddKeyValues(std::span<const std::pair<std::string, std::string>> values)
{
  m_Body += "<dl>\n";
  for (const auto & [key, value] : values)
  {
    m_Body += fmt::format("<dt>{}</dt><dd>{}</dd>\n", EscapeMarkup(key), EscapeMarkup(value));
  }
  m_Body += "</dl>\n";
}

void
HtmlPage::AddPreformatted(const std::string & text)
{
  m_Body += fmt::format("<pre>{}</pre>\n", EscapeMarkup(text));
}

void
HtmlPage::AddFileLink(const std::string & text, const std::filesystem::path & relative)
{
  if (relative.empty() || relative.is_absolute())
  {
    throw UsageError(
        Message("link '", text, "': need a relative path, got '", relative.string(), "'"));
  }
  static constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string address;
  for (const char c : relative.generic_string())
  {
    address += plain.find(c) != std::string_view::npos
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  m_Body += fmt::format("<p><a href=\"{}\">{}</a></p>\n", address, EscapeMarkup(text));
}

void
HtmlPage::AddTable(const Table & table, const HtmlTableOptions & options)
{
  m_Body += "<div class=\"scroll\"><table class=\"sortable\">\n";
  if (!options.caption.empty())
  {
    m_Body += fmt::format("<caption>{}</caption>\n", EscapeMarkup(options.caption));
  }
  m_Body += "<thead><tr>";
  std::vector<bool> numeric;
  for (std::size_t c = 0; c < table.Columns().size(); ++c)
  {
    numeric.push_back(table.IsNumeric(c));
    m_Body += fmt::format("<th{}{} scope=\"col\"><button type=\"button\">{}</button></th>",
                          numeric[c] ? " class=\"n\"" : "",
                          table.Columns()[c] == options.sortedBy ? " aria-sort=\"ascending\"" : "",
                          EscapeMarkup(ColumnTitle(table.Columns()[c])));
  }
  m_Body += "</tr></thead>\n<tbody>\n";
  for (const auto & row : table.Rows())
  {
    m_Body += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c)
    {
      m_Body += CellElement(row[c], table.Columns()[c], numeric[c], options);
    }
    m_Body += "</tr>\n";
  }
  m_Body += "</tbody></table></div>\n";
}

void
HtmlPage::AddChart(const std::string & svg, const std::string & caption)
{
  if (!svg.starts_with("<svg") || svg.find("<script") != std::string::npos)
  {
    throw UsageError("a chart must be an <svg> element without a script");
  }
  m_Body += "<figure>" + svg;
  m_Body +=
      caption.empty() ? "" : fmt::format("<figcaption>{}</figcaption>", EscapeMarkup(caption));
  m_Body += "</figure>\n";
}

void
HtmlPage::AddPng(std::span<const std::byte> png,
                 const std::string & description,
                 const std::string & caption)
{
  static constexpr std::array<unsigned char, 8> signature{
      0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
  const bool isPng =
      png.size() > signature.size() && std::equal(signature.begin(),
                                                  signature.end(),
                                                  png.begin(),
                                                  [](unsigned char expected, std::byte found)
                                                  { return std::byte{expected} == found; });
  if (!isPng)
  {
    throw UsageError(Message("picture '", description, "': the bytes are no PNG file"));
  }
  m_Body +=
      fmt::format("<figure><img loading=\"lazy\" alt=\"{}\" src=\"data:image/png;base64,{}\">",
                  EscapeMarkup(description),
                  Base64(png));
  m_Body +=
      caption.empty() ? "" : fmt::format("<figcaption>{}</figcaption>", EscapeMarkup(caption));
  m_Body += "</figure>\n";
}

std::string
HtmlPage::BeginGroup(const std::string & title, bool open, const std::string & id)
{
  const auto used = UniqueId(id.empty() ? title : id);
  m_Body += fmt::format("<details id=\"{}\"{}><summary>{}</summary>\n",
                        used,
                        open ? " open" : "",
                        EscapeMarkup(title));
  ++m_OpenGroups;
  return used;
}

void
HtmlPage::EndGroup()
{
  if (m_OpenGroups == 0)
  {
    throw UsageError("EndGroup without BeginGroup");
  }
  m_Body += "</details>\n";
  --m_OpenGroups;
}

std::string
HtmlPage::Render() const
{
  if (m_OpenGroups != 0)
  {
    throw UsageError(Message("page '", m_Title, "': ", m_OpenGroups, " group(s) still open"));
  }
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n";
  page += fmt::format(
      "<meta name=\"generator\" content=\"Sulcus {}\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<h1>{}</h1>\n",
      EscapeMarkup(Version()),
      EscapeMarkup(m_Title),
      HtmlStyle,
      EscapeMarkup(m_Title));
  if (m_Contents.size() > 1)
  {
    page += "<nav aria-label=\"Contents\"><ul>\n";
    for (const auto & [id, title] : m_Contents)
    {
      page += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id, EscapeMarkup(title));
    }
    page += "</ul></nav>\n";
  }
  page += "<main>\n" + m_Body + "</main>\n";
  page += fmt::format("<script>{}</script>\n</body>\n</html>\n", HtmlScript);
  return page;
}

std::string
HtmlPage::Write(const std::filesystem::path & path, Overwrite overwrite) const
{
  return AtomicWriteText(path, Render(), overwrite);
}

} // namespace sulcus
