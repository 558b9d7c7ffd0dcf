#!/usr/bin/env python3
"""Checks a program's Slicer description against the rules of Slicer's own parser, and a little beyond.

usage: CheckSlicerXml.py FILE.xml [FILE.xml …]     exit 0: all valid, 1: one line for each problem
"""
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SCALARS = {"integer", "float", "double", "string"}
ENUMERATIONS = {f"{kind}-enumeration" for kind in SCALARS}
VECTORS = {f"{kind}-vector" for kind in SCALARS}
# Attributes that the parser takes; for the strict ones it refuses every other.
STRICT = {
    "point": {"multiple", "coordinateSystem"},
    "region": {"multiple", "coordinateSystem"},
    "pointfile": {"multiple", "fileExtensions", "coordinateSystem", "type"},
    "file": {"multiple", "fileExtensions"},
    "image": {"multiple", "type", "fileExtensions", "hidden", "reference"},
    "geometry": {"multiple", "aggregate", "type", "fileExtensions", "reference"},
    "transform": {"multiple", "type", "fileExtensions", "reference"},
    "table": {"multiple", "reference", "hidden", "type", "fileExtensions"},
    "measurement": {"multiple", "reference", "hidden", "type", "fileExtensions"},
}
KINDS = SCALARS | ENUMERATIONS | VECTORS | set(STRICT) | {"boolean", "directory"}
IMAGE_TYPES = {"any", "scalar", "label", "tensor", "diffusion-weighted", "vector", "signal", "multichannel", "dynamic-contrast-enhanced"}
CHANNELLED = {"file", "directory", "image", "geometry", "transform", "table", "measurement", "pointfile"}
CHILDREN = {"name", "label", "description", "default", "flag", "longflag", "index", "channel", "constraints", "element", "reference"}
TOP = {"category", "index", "title", "description", "version", "documentation-url", "license", "contributor", "acknowledgements",
       "location", "parameters"}
IDENTIFIER = re.compile(r"^-*[_A-Za-z][_A-Za-z0-9]*$")


def text_of(parameter, child):
    element = parameter.find(child)
    return None if element is None else (element.text or "").strip()


def check_default(parameter, tag, name):
    default = text_of(parameter, "default")
    if tag == "boolean" and default not in (None, "false"):
        yield f"{name}: a boolean may not default to {default}: Slicer could not switch it off"
    if tag in (SCALARS - {"string"}) | ENUMERATIONS and default in (None, ""):
        yield f"{name}: {tag} needs a default, Slicer always passes it"
    if tag in ENUMERATIONS:
        elements = [(e.text or "").strip() for e in parameter.findall("element")]
        if default not in elements:
            yield f"{name}: default '{default}' is none of {elements}"
    constraints = parameter.find("constraints")
    if constraints is not None and default not in (None, ""):
        low, high = constraints.findtext("minimum"), constraints.findtext("maximum")
        if (low and float(default) < float(low)) or (high and float(default) > float(high)):
            yield f"{name}: default {default} lies outside its constraints"


def check_parameter(parameter, seen):
    tag = parameter.tag
    name = text_of(parameter, "name") or text_of(parameter, "longflag") or "?"
    if tag not in KINDS:
        yield f"{name}: <{tag}> is not known to Slicer"
        return
    for child in parameter:
        if child.tag not in CHILDREN:
            yield f"{name}: child <{child.tag}> is not known to Slicer"
    if tag in STRICT and set(parameter.attrib) - STRICT[tag]:
        yield f"{name}: attributes {sorted(set(parameter.attrib) - STRICT[tag])} of <{tag}> are refused"
    if tag == "image" and parameter.get("type", "scalar") not in IMAGE_TYPES:
        yield f"{name}: image type {parameter.get('type')} is not known"
    for field in ("name", "longflag"):
        value = text_of(parameter, field)
        if value is not None and not IDENTIFIER.match(value):
            yield f"{name}: {field} '{value}' must be letters, digits and underscores"
    flag, longflag, index = (text_of(parameter, field) for field in ("flag", "longflag", "index"))
    if flag is not None and len(flag.lstrip("-")) > 1:
        yield f"{name}: flag '{flag}' has more than one letter"
    if index is not None and (flag or longflag):
        yield f"{name}: index and flag exclude each other"
    for kind, value in (("name", name), ("longflag", longflag)):
        if value and (kind, value) in seen:
            yield f"{name}: {kind} '{value}' is used twice"
        seen.add((kind, value))
    channel = text_of(parameter, "channel")
    if tag in CHANNELLED and channel not in ("input", "output"):
        yield f"{name}: <{tag}> needs the channel input or output"
    if not text_of(parameter, "description"):
        yield f"{name}: no description"
    yield from check_default(parameter, tag, name)


def check_file(path):
    raw = Path(path).read_bytes()
    if not raw.startswith(b"<?xml "):
        yield "does not begin with '<?xml ' at its first byte"
        return
    root = ElementTree.fromstring(raw)
    if root.tag != "executable":
        yield f"root is <{root.tag}>, expected <executable>"
    for child in root:
        if child.tag not in TOP:
            yield f"<{child.tag}> is not known at the top"
    for field in ("category", "title", "description"):
        if not root.findtext(field):
            yield f"<{field}> is missing"
    seen = set()
    for group in root.findall("parameters"):
        if set(group.attrib) - {"advanced"}:
            yield "a parameter group takes only the attribute 'advanced'"
        for parameter in group:
            if parameter.tag not in ("label", "description"):
                yield from check_parameter(parameter, seen)


def main():
    problems = [f"{path}: {problem}" for path in sys.argv[1:] for problem in check_file(path)]
    print("\n".join(problems) if problems else f"{len(sys.argv) - 1} descriptions are valid")
    return 1 if problems or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
