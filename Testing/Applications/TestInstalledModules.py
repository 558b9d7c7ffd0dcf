#!/usr/bin/env python3
"""Installs programs and Slicer modules into a folder, moves it, and starts the modules as Slicer would.

usage: TestInstalledModules.py CMAKE BUILD_FOLDER CHECKER"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

cmake, build, checker = sys.argv[1:4]
problems = []


def expect(condition, what):
    if not condition:
        problems.append(what)


def run(*command, **environment):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, env={**os.environ, **environment})


def install(prefix):
    for component in ("Programs", "Slicer"):
        answer = run(cmake, "--install", build, "--prefix", prefix, "--component", component)
        if answer.returncode != 0:
            sys.exit(f"--component {component} cannot be installed: {answer.stderr}")


def slicer_libraries(folder, program):
    """A folder of libraries under the names of those that a program needs, none of which it can use."""
    folder.mkdir()
    for line in run("ldd", program).stdout.splitlines():
        name = line.split()[0]
        if "=>" in line and not name.startswith(("libc.", "libm.", "libdl.", "librt.", "libpthread.", "libgcc", "ld-")):
            (folder / name).write_text("not a library")
    return folder


def check_modules(folder, libraries):
    modules = sorted(path for path in folder.iterdir() if "." not in path.name)
    others = sorted(path.name for path in folder.iterdir() if "." in path.name)
    expect(modules and others == [module.name + ".xml" for module in modules], f"unexpected files: {others}")
    checked = run(sys.executable, checker, "--programs", *modules, LD_LIBRARY_PATH=str(libraries))
    expect(checked.returncode == 0, checked.stdout + checked.stderr)
    expect("sulcus" not in [module.name for module in modules], "the front door is no module")
    return modules


with tempfile.TemporaryDirectory() as temporary:
    first = Path(temporary) / "first prefix"
    install(first)
    prefix = Path(temporary) / "moved prefix"
    shutil.move(first, prefix)
    programs = sorted(path for path in (prefix / "bin").iterdir() if path.name.startswith("sulcus-") and "." not in path.name)
    disturbing = slicer_libraries(Path(temporary) / "slicer", programs[0])
    bare = run(programs[0], "--version", LD_LIBRARY_PATH=str(disturbing))
    expect(bare.returncode != 0, "the disturbing libraries disturb nothing, so this test shows nothing")
    found = check_modules(next(prefix.glob("lib*/**/cli-modules")), disturbing)
    expect([path.name for path in found] == [path.name for path in programs], "modules and programs differ")
    refused = run(found[0], "--no_such_option", "1", LD_LIBRARY_PATH=str(disturbing))
    expect(refused.returncode == 2, f"the exit status is not passed on: {refused.returncode}")
    overview = run(prefix / "bin" / "sulcus", "--help")
    expect(all(path.name.removeprefix("sulcus-") in overview.stdout for path in programs), "sulcus --help lists not all")
    reference = next(prefix.glob("share/doc/*/Reference"))
    pages = {page.name for page in reference.iterdir()}
    expect(pages == {"README.md"} | {path.name + ".md" for path in programs}, f"reference pages: {sorted(pages)}")
    for program in programs:
        expect((reference / (program.name + ".md")).read_text() == run(program, "--reference_page").stdout, f"{program.name}: page out of date")
        expect(f"({program.name}.md)" in (reference / "README.md").read_text(), f"{program.name} is not in the list of pages")
    panel = prefix / "share" / "Sulcus" / "SlicerExtension" / "Sulcus"
    script = ("import sys; sys.path.insert(0, sys.argv[1]); from SulcusLib.programs import find_programs, version_of; "
              "print(version_of(find_programs('', {}, sys.argv[1])))")
    if any(path.name == "sulcus-segment" for path in programs):
        answer = run(sys.executable, "-B", "-c", script, panel)
        expect(answer.stdout.startswith("sulcus-segment "), f"the installed panel does not find its programs: {answer.stderr}")
    expect(panel.is_dir() and not (panel.parent / "test").exists(), "the panel is not installed as it should be")
print("\n".join(problems) if problems else f"{len(found)} modules start under foreign libraries, from a moved folder")
sys.exit(1 if problems else 0)
