#include <sulcusError.h>
#include <sulcusRunProgram.h>
#include <sulcusSpawn.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

/** Starts it with its output in a file, waits; its exit status and what it wrote. */
std::pair<int, std::string>
RunIn(const TestFolder & folder, SpawnOptions options)
{
  const auto path = folder / "output";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  options.output = file;
  const pid_t child = SpawnProgram(options);
  ::close(file);
  int state = 0;
  EXPECT_EQ(::waitpid(child, &state, 0), child);
  return {WIFEXITED(state) ? WEXITSTATUS(state) : -1, TextOf(path)};
}

} // namespace

TEST(Spawn, ArgumentsArriveAsTheyAre)
{
  const TestFolder folder;
  const auto [status, text] =
      RunIn(folder, {.program = "printf", .arguments = {"<%s>", "a b", "$HOME; *", ""}});
  EXPECT_EQ(status, 0);
  EXPECT_EQ(text, "<a b><$HOME; *><>");
}

TEST(Spawn, FolderEnvironmentAndGroupAreItsOwn)
{
  const TestFolder folder;
  ::setenv("SULCUS_SPAWN_A", "parent", 1);
  ::setenv("SULCUS_SPAWN_AB", "kept", 1);
  const auto [status, text] = RunIn(
      folder,
      {.program = "/bin/sh",
       .arguments = {"-c",
                     "echo $SULCUS_SPAWN_A $SULCUS_SPAWN_AB; pwd -P; read line || echo empty; "
                     "set -- $(cat /proc/$$/stat); test $5 = $$ && exit 3"},
       .workingFolder = folder.Path(),
       .environment = {"SULCUS_SPAWN_A=child"},
       .ownGroup = true});
  ::unsetenv("SULCUS_SPAWN_A");
  ::unsetenv("SULCUS_SPAWN_AB");
  EXPECT_EQ(status, 3);
  EXPECT_EQ(text,
            "child kept\n" + std::filesystem::canonical(folder.Path()).string() + "\nempty\n");
}

TEST(Spawn, AProgramThatIsNotThereIsNamed)
{
  EXPECT_THROW(SpawnProgram({.program = "/nowhere/program"}), RuntimeError);
  EXPECT_THROW(SpawnProgram({.program = "sulcus-no-such-program"}), RuntimeError);
}

} // namespace sulcus
