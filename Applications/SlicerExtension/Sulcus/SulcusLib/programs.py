"""Finds Sulcus's programs."""
import os
import shutil
import subprocess
from pathlib import Path

NEEDED = ("segment", "consensus", "study")


class ProgramsMissing(RuntimeError):
    """The programs were not found; the text says where they were looked for and what to do."""


def has_program(folder, verb):
    program = Path(folder) / f"sulcus-{verb}"
    return program.is_file() and os.access(program, os.X_OK)


def candidate_folders(setting="", environment=None, module_folder=None):
    """Folders in the order in which they are tried, each with the reason why."""
    environment = os.environ if environment is None else environment
    if setting:
        yield Path(setting).expanduser(), "the setting of this panel"
        yield Path(setting).expanduser() / "bin", "the setting of this panel"
        return  # a setting is an order, not a hint
    if environment.get("SULCUS_PROGRAMS"):
        yield Path(environment["SULCUS_PROGRAMS"]), "SULCUS_PROGRAMS"
    found = shutil.which("sulcus", path=environment.get("PATH", ""))
    if found:
        yield Path(found).resolve().parent, "PATH"
    if module_folder:  # <prefix>/share/Sulcus/SlicerExtension/Sulcus
        for parent in Path(module_folder).resolve().parents:
            yield parent / "bin", "the installation this panel belongs to"
    yield Path.home() / "sulcus" / "bin", "the usual folder"
    yield Path("/usr/local/bin"), "the usual folder"


def find_programs(setting="", environment=None, module_folder=None):
    """The folder that holds sulcus-segment. Raises ProgramsMissing."""
    tried = []
    for folder, why in candidate_folders(setting, environment, module_folder):
        if has_program(folder, "segment"):
            return folder
        tried.append(f"{folder} ({why})")
    raise ProgramsMissing(
        "The programs of Sulcus were not found. Install Sulcus and name its bin folder under 'Programs'. Looked in: "
        + ", ".join(dict.fromkeys(tried)))


def require_program(folder, verb):
    """The path of sulcus-<verb>. Raises ProgramsMissing where this installation was built without it."""
    if not has_program(folder, verb):
        raise ProgramsMissing(f"There is no sulcus-{verb} in {folder}: this installation of Sulcus was built without it.")
    return Path(folder) / f"sulcus-{verb}"


def version_of(folder, environment=None):
    """The text of `sulcus-segment --version`. Raises ProgramsMissing if the program does not run."""
    program = require_program(folder, "segment")
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=20, env=environment)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise ProgramsMissing(f"{program} does not run: {problem}") from problem
    if answer.returncode != 0:
        raise ProgramsMissing(f"{program} does not run: {answer.stderr.strip()[:300]}")
    return answer.stdout.strip()
