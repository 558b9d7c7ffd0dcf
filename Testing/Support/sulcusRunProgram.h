#pragma once

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char ** environ;

namespace sulcus
{

/** A folder of its own that disappears with the object. */
class TestFolder
{
public:
  TestFolder()
  {
    std::string pattern = (std::filesystem::temp_directory_path() / "sulcus-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
    {
      throw std::runtime_error("no temporary folder");
    }
    m_Path = pattern;
  }
  TestFolder(const TestFolder &) = delete;
  TestFolder &
  operator=(const TestFolder &) = delete;
  ~TestFolder()
  {
    std::error_code ignoredInDestructor;
    std::filesystem::remove_all(m_Path, ignoredInDestructor);
  }

  const std::filesystem::path &
  Path() const
  {
    return m_Path;
  }
  std::filesystem::path
  operator/(const std::string & name) const
  {
    return m_Path / name;
  }

private:
  std::filesystem::path m_Path;
};

/** The whole text of a file, empty if there is none. */
inline std::string
TextOf(const std::filesystem::path & path)
{
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/** Every regular file below a folder, relative and sorted; hidden ones included. */
inline std::vector<std::string>
FilesBelow(const std::filesystem::path & folder)
{
  std::vector<std::string> files;
  if (std::filesystem::exists(folder))
  {
    for (const auto & entry : std::filesystem::recursive_directory_iterator(folder))
    {
      if (entry.is_regular_file())
      {
        files.push_back(std::filesystem::relative(entry.path(), folder).string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

struct ProgramResult
{
  int status = -1; ///< exit status, or 128 + signal
  std::string output;
  std::string errors;

  /** Lines on stderr that report an error. */
  int
  ErrorLines() const
  {
    int count = 0;
    std::istringstream lines(errors);
    for (std::string line; std::getline(lines, line);)
    {
      count += line.find(": error: ") != std::string::npos ? 1 : 0;
    }
    return count;
  }
};

/** Runs `sulcus-<verb>` of this build, found through SULCUS_PROGRAMS, and waits. */
inline ProgramResult
RunProgram(const std::string & verb, const std::vector<std::string> & arguments)
{
  const char * folder = std::getenv("SULCUS_PROGRAMS");
  if (folder == nullptr)
  {
    throw std::runtime_error("SULCUS_PROGRAMS must name the folder of the built programs");
  }
  const TestFolder scratch;
  const std::string program = std::string(folder) + "/sulcus-" + verb;
  std::vector<std::string> texts{program};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char *> argv;
  for (auto & text : texts)
  {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  const std::string output = (scratch / "output").string();
  const std::string errors = (scratch / "errors").string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t child = 0;
  const int failure = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0)
  {
    throw std::runtime_error("could not start " + program);
  }
  int state = 0;
  waitpid(child, &state, 0);
  ProgramResult result;
  result.status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  result.output = TextOf(output);
  result.errors = TextOf(errors);
  return result;
}

} // namespace sulcus
