#!/usr/bin/env python3
"""Checks Slicer descriptions against the rules of Slicer's own parser, and a little beyond.

usage: CheckSlicerXml.py FILE.xml [FILE.xml …]          descriptions
       CheckSlicerXml.py --programs PROGRAM [PROGRAM …] also how executables answer --xml
exit 0: all valid, 1: one line for each problem
"""
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SECONDS = 5.0  # Slicer waits no longer for --xml
SCALARS = {"integer", "float", "double", "string"}
NUMBERS = SCALARS - {"string"}
ENUMERATIONS = {f"{kind}-enumeration" for kind in SCALARS}
VECTORS = {f"{kind}-vector" for kind in SCALARS}
FILES = {"file", "directory", "image", "geometry", "transform", "table", "measurement", "pointfile"}
# Attributes that mean something. For tags in STRICT the parser refuses every other; elsewhere others are silently ignored,
# which is a mistake of whoever wrote them.
ATTRIBUTES = {
    "point": {"multiple", "coordinateSystem"},
    "region": {"multiple", "coordinateSystem"},
    "pointfile": {"multiple", "fileExtensions", "coordinateSystem", "type"},
    "file": {"multiple", "fileExtensions"},
    "image": {"multiple", "type", "fileExtensions", "hidden", "reference"},
    "geometry": {"multiple", "aggregate", "type", "fileExtensions", "reference"},
    "transform": {"multiple", "type", "fileExtensions", "reference"},
    "table": {"multiple", "reference", "hidden", "type", "fileExtensions"},
    "measurement": {"multiple", "reference", "hidden", "type", "fileExtensions"},
    "directory": {"multiple"},
    "boolean": {"hidden"},
    **{kind: {"hidden", "multiple"} for kind in SCALARS},
    **{kind: {"hidden"} for kind in ENUMERATIONS},
    **{kind: set() for kind in VECTORS},
}
STRICT = {"point", "region", "pointfile", "file", "image", "geometry", "transform", "table", "measurement"}
TYPES = {
    "image": {"any", "scalar", "label", "tensor", "diffusion-weighted", "vector", "signal", "multichannel", "dynamic-contrast-enhanced"},
    "geometry": {"fiberbundle", "model"},
    "transform": {"linear", "nonlinear", "bspline"},
    "table": {"color"},
    "pointfile": {"any", "point", "line", "angle", "curve"},  # the documented 'closedcurve' is refused
}
CHILDREN = {"name", "label", "description", "default", "flag", "longflag", "index", "channel", "constraints", "element", "reference"}
TOP = {"category", "index", "title", "description", "version", "documentation-url", "license", "contributor", "acknowledgements",
       "location", "parameters"}
IDENTIFIER = re.compile(r"^-*[_A-Za-z][_A-Za-z0-9]*$")


def text_of(parameter, child):
    element = parameter.find(child)
    return None if element is None else (element.text or "").strip()


def is_value(tag, text):
    """Whether a text is a value of <tag>, its elements or its enumeration."""
    kind = tag.split("-")[0]
    try:
        if kind == "integer":
            return -2**31 <= int(text) < 2**31
        if kind in ("float", "double"):
            float(text)
    except ValueError:
        return False
    return True


def check_constraints(parameter, tag, name, default):
    constraints = parameter.find("constraints")
    if constraints is None:
        return
    if tag not in NUMBERS:
        yield f"{name}: <{tag}> takes no constraints"
        return
    bounds = {child.tag: (child.text or "").strip() for child in constraints}
    for field, value in bounds.items():
        if field not in ("minimum", "maximum", "step"):
            yield f"{name}: constraint <{field}> is not known to Slicer"
        elif not is_value("double", value) or value == "":
            yield f"{name}: constraint <{field}> '{value}' is not a number"
            return
    low, high = float(bounds.get("minimum", "-inf")), float(bounds.get("maximum", "inf"))
    if low > high:
        yield f"{name}: minimum {low} lies above maximum {high}"
    if default and is_value(tag, default) and not low <= float(default) <= high:
        yield f"{name}: default {default} lies outside its constraints"
    if float(bounds.get("step", "1")) <= 0:
        yield f"{name}: step {bounds['step']} is not positive"


def check_default(parameter, tag, name):
    default = text_of(parameter, "default")
    elements = [(e.text or "").strip() for e in parameter.findall("element")]
    if tag == "boolean" and default not in (None, "false"):
        yield f"{name}: a boolean may not default to {default}: Slicer could not switch it off"
    if tag in NUMBERS | ENUMERATIONS and default in (None, ""):
        yield f"{name}: {tag} needs a default, Slicer always passes it"
    elif tag in NUMBERS and not is_value(tag, default):
        yield f"{name}: default '{default}' is no {tag}"
    if tag in VECTORS and default and not all(is_value(tag, part.strip()) for part in default.split(",")):
        yield f"{name}: default '{default}' is no {tag}"
    if tag in ENUMERATIONS:
        if default not in elements:
            yield f"{name}: default '{default}' is none of {elements}"
        if len(set(elements)) != len(elements):
            yield f"{name}: an element is listed twice"
        for element in elements:
            if not is_value(tag, element):
                yield f"{name}: element '{element}' is no {tag.split('-')[0]}"
    elif elements:
        yield f"{name}: <{tag}> takes no elements"
    yield from check_constraints(parameter, tag, name, default)


def check_attributes(parameter, tag, name):
    extra = sorted(set(parameter.attrib) - ATTRIBUTES[tag])
    if extra:
        yield f"{name}: attributes {extra} of <{tag}> are {'refused' if tag in STRICT else 'ignored'}"
    if tag in TYPES and parameter.get("type", min(TYPES[tag])) not in TYPES[tag]:
        yield f"{name}: {tag} type {parameter.get('type')} is not known"
    if parameter.get("coordinateSystem", "lps") not in ("ijk", "lps", "ras"):
        yield f"{name}: coordinateSystem {parameter.get('coordinateSystem')} is not known"
    for field in ("multiple", "hidden", "aggregate"):
        if parameter.get(field, "true") not in ("true", "false"):
            yield f"{name}: {field} must be true or false"
    for extension in filter(None, parameter.get("fileExtensions", "").split(",")):
        if not extension.strip().startswith("."):
            yield f"{name}: file extension '{extension}' does not begin with a dot"


def check_flags(parameter, tag, name, seen):
    flag, longflag, index = (text_of(parameter, field) for field in ("flag", "longflag", "index"))
    channel = text_of(parameter, "channel")
    for field, value in (("name", text_of(parameter, "name")), ("longflag", longflag)):
        if value is not None and not IDENTIFIER.match(value):
            yield f"{name}: {field} '{value}' must be letters, digits and underscores"
    if flag is not None and len(flag.lstrip("-")) != 1:
        yield f"{name}: flag '{flag}' must be one letter"
    if index is not None and (flag or longflag):
        yield f"{name}: index and flag exclude each other"
    if index is not None and not index.isdigit():
        yield f"{name}: index '{index}' is not a number"
    is_return = channel == "output" and tag not in FILES
    if is_return and (flag or longflag or index is not None):
        yield f"{name}: a return parameter has neither flag nor index, or Slicer passes it as an argument"
    if not is_return and not flag and not longflag and index is None:
        yield f"{name}: neither flag nor index: the program never gets it"
    spellings = [("name", name), ("longflag", longflag), ("flag", flag)]
    for field in ("flag", "longflag"):
        element = parameter.find(field)
        for attribute in () if element is None else element.attrib:
            if attribute not in ("alias", "deprecatedalias"):
                yield f"{name}: attribute '{attribute}' of <{field}> is not known"
            spellings += [(field, alias.strip()) for alias in element.get(attribute).split(",")]
    for kind, value in spellings:
        if value and (kind, value.lstrip("-")) in seen:
            yield f"{name}: {kind} '{value}' is used twice"
        seen.add((kind, (value or "").lstrip("-")))


def check_parameter(parameter, seen):
    tag = parameter.tag
    name = text_of(parameter, "name") or text_of(parameter, "longflag") or "?"
    if tag not in ATTRIBUTES:
        yield f"{name}: <{tag}> is not known to Slicer"
        return
    if name == "?":
        yield f"a <{tag}> has neither name nor longflag"
    for child in parameter:
        if child.tag not in CHILDREN:
            yield f"{name}: child <{child.tag}> is not known to Slicer"
    for field in CHILDREN - {"element", "reference"}:
        if len(parameter.findall(field)) > 1:
            yield f"{name}: <{field}> is given twice"
    channel = text_of(parameter, "channel")
    if tag in FILES and channel not in ("input", "output"):
        yield f"{name}: <{tag}> needs the channel input or output"
    elif channel not in (None, "input", "output"):
        yield f"{name}: channel '{channel}' is not known"
    for field in ("description", "label"):
        if not text_of(parameter, field):
            yield f"{name}: no {field}"
    yield from check_attributes(parameter, tag, name)
    yield from check_flags(parameter, tag, name, seen)
    yield from check_default(parameter, tag, name)


def check_group(group):
    if set(group.attrib) - {"advanced"}:
        yield "a parameter group takes only the attribute 'advanced'"
    if group.get("advanced", "true") not in ("true", "false"):
        yield "the attribute 'advanced' must be true or false"
    for field in ("label", "description"):
        if len(group.findall(field)) != 1 or not text_of(group, field):
            yield f"a parameter group needs one {field}"


def check_text(raw):
    """Problems of a description, given as bytes."""
    if not raw.startswith(b"<?xml "):
        yield "does not begin with '<?xml ' at its first byte"
        return
    try:
        root = ElementTree.fromstring(raw)
    except ElementTree.ParseError as problem:
        yield f"is not well-formed: {problem}"
        return
    if root.tag != "executable":
        yield f"root is <{root.tag}>, expected <executable>"
    for child in root:
        if child.tag not in TOP:
            yield f"<{child.tag}> is not known at the top"
    for field in ("category", "title", "description"):
        if not root.findtext(field):
            yield f"<{field}> is missing"
    parameters = []
    for group in root.findall("parameters"):
        yield from check_group(group)
        parameters += [child for child in group if child.tag not in ("label", "description")]
    seen = set()
    for parameter in parameters:
        yield from check_parameter(parameter, seen)
    indices = sorted(int(i) for i in (text_of(p, "index") for p in parameters) if i and i.isdigit())
    if indices != list(range(len(indices))):
        yield f"indices {indices} do not count from 0 without a gap"
    names = {text_of(p, "name") or text_of(p, "longflag") for p in parameters}
    for parameter in parameters:
        if parameter.get("reference") and parameter.get("reference") not in names:
            yield f"{text_of(parameter, 'name')}: reference '{parameter.get('reference')}' names no parameter"


def check_program(path):
    """Problems of how an executable answers --xml."""
    if "." in path.name:
        yield "a module's file name may hold no dot"
    if not os.access(path, os.X_OK):
        yield "is not executable"
        return
    start = time.monotonic()
    try:
        answer = subprocess.run([str(path.resolve()), "--xml"], capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        yield f"--xml takes more than {SECONDS:.0f} s"
        return
    if answer.returncode != 0:
        yield f"--xml ends with status {answer.returncode}"
    if answer.stderr:
        yield f"--xml writes to standard error: {answer.stderr[:80].decode(errors='replace')!r}"
    yield from check_text(answer.stdout)
    sidecar = path.parent / (path.name + ".xml")
    if sidecar.exists() and sidecar.read_bytes() != answer.stdout:
        yield f"{sidecar.name} beside it differs from what --xml says"
    if time.monotonic() - start > SECONDS:
        yield f"--xml takes more than {SECONDS:.0f} s"


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--programs"]:
        problems = [f"{path}: {problem}" for path in arguments[1:] for problem in check_program(Path(path))]
        count = len(arguments) - 1
    else:
        problems = [f"{path}: {problem}" for path in arguments for problem in check_text(Path(path).read_bytes())]
        count = len(arguments)
    print("\n".join(problems) if problems else f"{count} descriptions are valid")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
