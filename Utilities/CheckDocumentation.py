#!/usr/bin/env python3
"""Checks the Markdown pages and example scripts of a source tree: links resolve, command lines parse.

usage: CheckDocumentation.py SOURCE_FOLDER [PROGRAM_FOLDER]
Links: every relative one must name a file of the tree, and its #anchor a heading there. Commands: every `sulcus …` and
`sulcus-… …` in code blocks, in `inline code` with options, and in *.sh is given to the program's own parser (with --version, so
that nothing runs). Programs that the tree has but the folder lacks (a build without LibTorch) are passed over. README.md must name every
program as [`verb`](…), in its table.
exit 0: all good, 1: one line for each problem"""
import re
import shlex
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
ENDS_COMMAND = {"|", "||", "&&", ";", "&", ">", ">>", "<", "2>", "2>&1", "2>/dev/null", ")", "\\"}
SKIPPED = {"build", ".git", "node_modules", "__pycache__", ".cache"}


def tracked(source, patterns):
    for pattern in patterns:
        for path in sorted(source.rglob(pattern)):
            if not SKIPPED & {part.split("-")[0] if part.startswith("build-") else part for part in path.relative_to(source).parts}:
                yield path


def without_code(text):
    """The text with code blocks and inline code blanked, line by line."""
    kept, in_block = [], False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        in_block = in_block != fence
        kept.append("" if fence or in_block else INLINE.sub("", line))
    return "\n".join(kept)


def anchors_of(path):
    """The names that GitHub gives to the headings of a page."""
    names = set()
    for line in without_fences(path.read_text(encoding="utf-8")):
        match = re.match(r"#{1,6}\s+(.*)", line)
        if match:
            plain = re.sub(r"[`*_]|\[|\]\([^)]*\)", "", match.group(1)).strip().lower()
            names.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return names


def without_fences(text):
    in_block = False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        elif not in_block:
            yield line


def link_problems(page, source):
    for number, line in enumerate(without_code(page.read_text(encoding="utf-8")).split("\n"), start=1):
        for match in LINK.finditer(line):
            target = match.group(1) or match.group(2)
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (page.parent / file).resolve() if file else page.resolve()
            where = f"{page.relative_to(source)}:{number}"
            if not path.exists():
                yield f"{where}: the link '{target}' leads nowhere"
            elif not path.is_relative_to(source.resolve()):
                yield f"{where}: the link '{target}' leaves the tree"
            elif anchor and path.suffix == ".md" and anchor not in anchors_of(path):
                yield f"{where}: '{file or page.name}' has no heading '#{anchor}'"


def logical_lines(lines):
    """(number, text) with lines that end in a backslash joined; comments dropped."""
    joined, start = "", 0
    for number, line in lines:
        start = start if joined else number
        if line.rstrip().endswith("\\"):
            joined += line.rstrip()[:-1] + " "
            continue
        yield start, joined + line
        joined = ""


def code_lines(path):
    """(number, text, inline) of code blocks and inline code of a page, or of all lines of a script."""
    lines = list(enumerate(path.read_text(encoding="utf-8").split("\n"), start=1))
    if path.suffix != ".md":
        yield from ((number, text, False) for number, text in logical_lines(lines))
        return
    in_block, block = False, []
    for number, line in lines:
        if line.lstrip().startswith("```"):
            in_block = not in_block
            if not in_block:
                yield from ((number, text, False) for number, text in logical_lines(block))
            block = []
        elif in_block:
            block.append((number, line))
        else:
            for code in INLINE.findall(line):
                if " --" in code and "…" not in code:
                    yield number, code, True


def commands_in(line):
    """Words of each Sulcus command on a line, from the program's name on."""
    if "sulcus" not in line:
        return
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        words = list(lexer)
    except ValueError:
        return  # prose, or half a command
    command = None
    starts = True  # a program's name stands at the beginning of a command only
    for word in words + [";"]:
        if word in ENDS_COMMAND or set(word) <= set("|&;<>()"):
            if command:
                yield command
            command, starts = None, not set(word) & set("<>")
            continue
        name = word.rsplit("/", 1)[-1]
        is_prefix = re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*=.*|exec|time|\$|if|!|then|do", word) is not None
        if command is None and starts and (name == "sulcus" or re.fullmatch(r"sulcus-[a-z]+", name)):
            command = [name]
        elif command is not None:
            command.append(word)
        starts = starts and is_prefix
    return


@lru_cache(maxsize=None)
def refusal(programs, verb, arguments):
    """What the program's parser says against the arguments, or "" """
    answer = subprocess.run([str(Path(programs) / f"sulcus-{verb}"), "--version", *arguments], capture_output=True, text=True, timeout=60)
    return "" if answer.returncode == 0 else answer.stderr.strip()


def known_verbs(source):
    return {path.parent.name.lower() for path in (source / "Applications").glob("*/CMakeLists.txt")} - {"shared", "sulcus", "slicerextension"}


def command_problems(path, source, programs, verbs):
    for number, line, inline in code_lines(path):
        for command in commands_in(line):
            where = f"{path.relative_to(source)}:{number}"
            if command[0] == "sulcus":
                command = ["sulcus-" + command[1]] + command[2:] if len(command) > 1 else command
                if command[0] in ("sulcus", "sulcus---help", "sulcus---version") or "<" in command[0] or "$" in command[0]:
                    continue
            verb = command[0][len("sulcus-"):]
            if verb not in verbs:
                yield f"{where}: there is no program '{command[0]}'"
            elif programs and (Path(programs) / command[0]).exists():
                problem = refusal(programs, verb, tuple(word for word in command[1:] if word not in ("[options]", "…")))
                names_option = inline and "the required argument for option" in problem
                if problem and not names_option:
                    yield f"{where}: {problem}"


def readme_problems(source, verbs):
    text = (source / "README.md").read_text(encoding="utf-8")
    for verb in sorted(verbs):
        if f"[`{verb}`](" not in text:
            yield f"README.md: the table of programs lacks [`{verb}`](…)"


def main():
    source = Path(sys.argv[1])
    programs = sys.argv[2] if len(sys.argv) > 2 else ""
    verbs = known_verbs(source)
    pages = list(tracked(source, ["*.md"]))
    scripts = list(tracked(source, ["*.sh"]))
    problems = [problem for page in pages for problem in link_problems(page, source)]
    problems += [problem for path in pages + scripts for problem in command_problems(path, source, programs, verbs)]
    problems += readme_problems(source, verbs)
    print("\n".join(problems) if problems else f"{len(pages)} pages and {len(scripts)} scripts are good")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
