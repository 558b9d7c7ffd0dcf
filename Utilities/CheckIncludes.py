#!/usr/bin/env python3
"""Holds the real #include lines against the arrows declared in the CMakeLists.txt files.

usage: CheckIncludes.py ROOT          exit 0: all includes follow the arrows, 1: some do not (one line each)

A module may include its own headers, those of the modules it names with DEPENDS and of what these name in turn, the
standard library, and the outside packages of its group. Compiler and linker let some strays pass; this does not.
"""
import re
import sys
from pathlib import Path

# Outside packages by the beginning of their include path, and the groups that may use them.
PACKAGES = {
    "itk": ("Imaging", "Joined", "Viewing"),
    "vnl": ("Imaging", "Joined", "Viewing"),
    "gdcm": ("Imaging",),
    "dcmtk/": ("Imaging",),
    "torch/": ("Learning", "Joined"),
    "ATen/": ("Learning", "Joined"),
    "c10/": ("Learning", "Joined"),
    "vtk": ("Viewing",),
    "X11/": ("Viewing",),
    "boost/": ("Applications",),
    "toml++/": ("Foundation",),
    "fmt/": ("Foundation", "Imaging", "Learning", "Joined", "Viewing", "Applications"),
    "nlohmann/": ("Foundation", "Imaging", "Learning", "Joined", "Viewing", "Applications"),
    "cuda": (),
}
# Packages that some modules alone may use, whatever their group; tests are free to.
MODULE_PACKAGES = {"zlib.h": ("Formats",), "toml++/toml.h": ("Configuration",), "dlfcn.h": ("Distributed", "Networks", "Augmentation")}
# The groups below each group, itself included: an arrow never leaves this set.
BELOW = {
    "Foundation": {"Foundation"},
    "Imaging": {"Imaging", "Foundation"},
    "Learning": {"Learning", "Foundation"},
    "Joined": {"Joined", "Imaging", "Learning", "Foundation"},
    "Viewing": {"Viewing", "Imaging", "Foundation"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
DECLARATION = re.compile(r"sulcus_add_module\(\s*NAME\s+(\w+)([^)]*)\)", re.S)
KEYWORDS = {"DEPENDS", "PACKAGES", "TEST_DEPENDS", "TEST_PACKAGES"}


def values_of(arguments, keyword):
    words, found, active = arguments.split(), [], False
    for word in words:
        if word in KEYWORDS:
            active = word == keyword
        elif active:
            found.append(word)
    return found


def read_modules(root):
    modules = {}
    for lists in sorted((root / "Modules").glob("*/*/CMakeLists.txt")):
        declaration = DECLARATION.search(lists.read_text())
        if declaration is None:
            sys.exit(f"{lists}: no sulcus_add_module line")
        folder = lists.parent
        modules[declaration[1]] = {
            "folder": folder,
            "group": folder.parent.name,
            "depends": values_of(declaration[2], "DEPENDS"),
            "test_depends": values_of(declaration[2], "TEST_DEPENDS"),
            "headers": {p.name for p in folder.rglob("*.h")} | {p.name for p in folder.rglob("*.hxx")},
        }
    return modules


def closure(modules, names):
    seen, queue = set(), list(names)
    while queue:
        name = queue.pop()
        if name not in seen and name in modules:
            seen.add(name)
            queue += modules[name]["depends"]
    return seen


def package_problem(include, group, module, in_test):
    for start, allowed in MODULE_PACKAGES.items():
        if include == start:
            return None if in_test or module in allowed else f"only {', '.join(allowed)} may include <{include}>"
    for start, allowed in PACKAGES.items():
        if include.startswith(start):
            return None if group in allowed else f"group {group} may not include <{include}>"
    return None


def check_module(name, modules, owner_of):
    module, problems = modules[name], []
    for dependency in module["depends"]:
        if dependency in modules and modules[dependency]["group"] not in BELOW[module["group"]]:
            problems.append(f"{name}: group {module['group']} may not depend on {dependency} of group {modules[dependency]['group']}")
        if dependency not in modules:
            problems.append(f"{name}: names {dependency}, which is no module")
    allowed = closure(modules, [name])
    allowed_in_tests = allowed | closure(modules, module["test_depends"])
    for path in sorted(module["folder"].rglob("*")):
        if path.suffix not in (".h", ".hxx", ".cxx", ".cu"):
            continue
        in_test = bool({"test", "fuzz"} & set(path.relative_to(module["folder"]).parts))
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            include = match[2]
            where = f"{path}:{number}"
            owners = owner_of.get(Path(include).name, set())
            if owners:
                if not owners & (allowed_in_tests if in_test else allowed):
                    problems.append(f"{where}: {name} includes {include} of {'/'.join(sorted(owners))} without an arrow to it")
            elif not (path.suffix == ".cu" and include.startswith("cuda")):
                problem = package_problem(include, module["group"], name, in_test)
                if problem:
                    problems.append(f"{where}: {problem}")
    return problems


def check_towers(modules):
    problems = []
    for name, module in modules.items():
        groups = {modules[m]["group"] for m in closure(modules, [name])}
        if "Viewing" in groups and groups & {"Learning", "Joined"}:
            problems.append(f"{name}: LibTorch and VTK meet")
    return problems


def check_applications(root, modules, owner_of):
    problems = []
    for lists in sorted((root / "Applications").glob("*/CMakeLists.txt")):
        declaration = re.search(r"sulcus_add_application\(\s*NAME\s+(\w+)([^)]*)\)", lists.read_text(), re.S)
        if not declaration:
            continue
        allowed = closure(modules, values_of(declaration[2], "DEPENDS")) | {"Core"}
        allowed |= closure(modules, values_of(declaration[2], "TEST_DEPENDS"))
        for path in sorted(lists.parent.rglob("*.cxx")) + sorted(lists.parent.rglob("*.h")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                owners = owner_of.get(Path(match[2]).name, set()) if match else set()
                if owners and not owners & allowed:
                    problems.append(f"{path}:{number}: {declaration[1]} includes {match[2]} of {'/'.join(sorted(owners))} without an arrow to it")
    return problems


def main():
    root = Path(sys.argv[1])
    modules = read_modules(root)
    owner_of = {}
    for name, module in modules.items():
        for header in module["headers"]:
            owner_of.setdefault(header, set()).add(name)
    problems = check_towers(modules) + check_applications(root, modules, owner_of)
    for name in modules:
        problems += check_module(name, modules, owner_of)
    print("\n".join(problems) if problems else f"{len(modules)} modules follow their arrows")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
