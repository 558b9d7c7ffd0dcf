#pragma once

#include "sulcusSegmentSettings.h"
#include "sulcusSegmentSummary.h"
#include <sulcusAtomicFile.h>
#include <sulcusHtml.h>
#include <sulcusImages.h>
#include <sulcusSegmentInfo.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** One finished case as the page shows it. */
struct SegmentPageCase
{
  std::string id;
  std::string output;              ///< the label map or DICOM SEG
  std::vector<std::string> series; ///< what the scanner calls the DICOM series, one a channel
  std::string grid;                ///< size, spacing and place in one line
  std::vector<std::string> notes;  ///< worth a second look, one line each
  SegmentationSummary summary;
  std::vector<std::byte> picture; ///< a PNG file
};

/** Draws slices of the three planes, where the structures are, with their contours. Image and
 * labels lie on one grid. Drawn smaller where it would take more than 33 kB. */
std::vector<std::byte>
DrawSegmentedCase(const FloatImage * image,
                  const LabelImage * labels,
                  const std::vector<SegmentInfo> & segments);

/** What deserves a second look: nothing or not every structure was found, the image is near the
 * edge of the model's input contract. */
std::vector<std::string>
NotesOn(const SegmentationSummary & summary, const Plan & plan, const ImageGrid & grid);

/** A run of sulcus-segment as one page that opens offline: how it was made, cases that failed,
 * all cases as a table that sorts, and each with its picture, its structures and a link to the
 * result. Holds no name, number or date of a patient. */
class SegmentPage
{
public:
  SegmentPage(const SegmentSettings & settings,
              std::vector<ModelCard> models,
              Plan plan,
              std::vector<SegmentInfo> segments);

  void
  Add(SegmentPageCase finished);
  void
  AddFailure(const std::string & id, const std::string & reason);

  /** Writes `settings.html`. \throws OutputError */
  void
  Write(Overwrite overwrite) const;

private:
  HtmlPage
  Opening() const;
  void
  AddFailures(HtmlPage & page) const;
  void
  AddAllCases(HtmlPage & page, const std::vector<const SegmentPageCase *> & order) const;
  void
  AddCase(HtmlPage & page, const SegmentPageCase & one) const;
  Table
  StructuresOf(const SegmentPageCase & one) const;

  const SegmentSettings & m_Settings;
  std::vector<ModelCard> m_Models;
  Plan m_Plan;
  std::vector<SegmentInfo> m_Segments;
  std::vector<SegmentPageCase> m_Cases;
  std::vector<std::pair<std::string, std::string>> m_Failures; ///< case, reason
};

} // namespace sulcus
