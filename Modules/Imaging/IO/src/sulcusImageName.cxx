#include "sulcusImageName.h"

#include <array>
#include <regex>

namespace sulcus
{

namespace fs = std::filesystem;

std::string_view
ImageEnding(std::string_view fileName)
{
  // Longer endings first, so that "case.seg.nrrd" is not the case "case.seg".
  static constexpr std::array<std::string_view, 9> endings{
      ".nii.gz", ".seg.nrrd", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh"};
  for (const auto ending : endings)
  {
    if (fileName.size() > ending.size() && fileName.ends_with(ending))
    {
      return ending;
    }
  }
  return {};
}

bool
HasImageName(const fs::path & path)
{
  const std::string name = path.filename().string();
  return !name.starts_with('.') && !ImageEnding(name).empty();
}

std::string
StemOf(const fs::path & path)
{
  auto whole = fs::absolute(path).lexically_normal();
  if (!whole.has_filename())
  {
    whole = whole.parent_path();
  }
  std::string name = whole.filename().string();
  const auto ending = ImageEnding(name);
  const std::string_view dicom = ".dcm";
  const bool isDicom = ending.empty() && name.size() > dicom.size() && name.ends_with(dicom);
  name.resize(name.size() - (isDicom ? dicom.size() : ending.size()));
  return name;
}

std::string
CaseOfCompanion(const std::string & stem)
{
  static const std::regex companion(
      "(.+)_(confidence|uncertainty|probability_.+|coarse|mask|refined|"
      "(erased|repainted)(_[0-9]{4})?|weight|soft|flags)");
  std::smatch match;
  return std::regex_match(stem, match, companion) ? match.str(1) : std::string();
}

} // namespace sulcus
