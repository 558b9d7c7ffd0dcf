#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusRunRecord.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace
{

const std::string prefix = "sulcus-";

std::vector<std::string>
VerbsIn(const std::filesystem::path & folder)
{
  std::vector<std::string> verbs;
  for (const auto & entry : std::filesystem::directory_iterator(folder))
  {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.find('.') == std::string::npos &&
        access(entry.path().c_str(), X_OK) == 0)
    {
      verbs.push_back(name.substr(prefix.size()));
    }
  }
  std::sort(verbs.begin(), verbs.end());
  return verbs;
}

/** The one-line summary in the program's sidecar description, written when it was built. */
std::string
SummaryOf(const std::filesystem::path & program)
{
  std::ifstream file(program.string() + ".xml");
  std::stringstream text;
  text << file.rdbuf();
  const std::string xml = text.str();
  const std::string open = "<description><![CDATA[";
  const auto begin = xml.find(open);
  const auto end = xml.find("]]>", begin);
  return begin == std::string::npos || end == std::string::npos
             ? ""
             : xml.substr(begin + open.size(), end - begin - open.size());
}

void
PrintHelp(const std::filesystem::path & folder)
{
  fmt::print("Sulcus {}: volumetric MRI segmentation when labels are scarce\n\nUsage: sulcus "
             "<program> [options]\n\nPrograms:\n",
             sulcus::Version());
  for (const auto & verb : VerbsIn(folder))
  {
    fmt::print("  {:<14}{}\n", verb, SummaryOf(folder / (prefix + verb)));
  }
  fmt::print("\n'sulcus <program> --help' explains one; 'sulcus-<program>' is the same program.\n");
}

} // namespace

/** `sulcus segment …` becomes `sulcus-segment …` beside this program. */
int
main(int argc, char ** argv)
{
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string verb = argc > 1 ? argv[1] : "--help";
  if (verb == "--help" || verb == "-h" || verb == "help")
  {
    PrintHelp(folder);
    return 0;
  }
  if (verb == "--version")
  {
    fmt::print("sulcus {}\n", sulcus::Version());
    return 0;
  }
  const auto program = folder / (prefix + verb);
  if (verb.find('/') == std::string::npos && access(program.c_str(), X_OK) == 0)
  {
    std::vector<char *> arguments(argv + 1, argv + argc);
    std::string name = program.string();
    arguments[0] = name.data();
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    fmt::print(stderr,
               "sulcus: error: {} could not be started ({}) [E-RUNTIME]\n",
               name,
               std::strerror(errno));
    return static_cast<int>(sulcus::ExitCode::RuntimeFailure);
  }
  fmt::print(stderr,
             "sulcus: error: unknown program '{}'; {} [E-USAGE]\n",
             verb,
             sulcus::SuggestName(verb, VerbsIn(folder)));
  return static_cast<int>(sulcus::ExitCode::Usage);
}
