"""Reads the progress tags of `--progress slicer` from a program's standard output."""
import re

TAG = re.compile(r"<filter-progress>([0-9.eE+-]+)</filter-progress>|<filter-name>([^<]*)</filter-name>|"
                 r"<filter-comment>\s*\"?([^<]*?)\"?\s*</filter-comment>")
STRUCTURE = re.compile(r"<filter-time>[^<]*</filter-time>|</?filter-[a-z-]+>")


class ProgressParser:
    """Fed with text in pieces of any size; keeps what is known and hands back the lines that are no tags."""

    def __init__(self):
        self.fraction = None  # 0 to 1; None: nothing known yet
        self.task = ""
        self.comment = ""
        self._rest = ""

    def feed(self, text):
        """Lines of ordinary text completed by this piece."""
        lines = (self._rest + text).split("\n")
        self._rest = lines.pop()
        return [line for line in map(self._read_line, lines) if line]

    def finish(self):
        """The last line, if it was not ended."""
        rest, self._rest = self._rest, ""
        line = self._read_line(rest)
        return [line] if line else []

    def _read_line(self, line):
        for match in TAG.finditer(line):
            value, name, comment = match.groups()
            if value is not None:
                self._read_fraction(value)
            elif name is not None:
                self.task = name.strip()
            elif comment is not None:
                self.comment = comment.strip()
        return STRUCTURE.sub("", TAG.sub("", line)).strip()

    def _read_fraction(self, value):
        try:
            fraction = float(value)
        except ValueError:
            return  # a damaged tag is no reason to end a run
        if 0.0 <= fraction <= 1.0:
            self.fraction = fraction
