"""Reads the tables that Sulcus's programs write."""
import json
import math
from pathlib import Path


def read_tsv(path):
    """A list of dictionaries, one a row. Raises ValueError for rows of another width than the heading."""
    lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    if not lines:
        raise ValueError(f"{path}: the table is empty")
    heading = lines[0].split("\t")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(heading):
            raise ValueError(f"{path}: line {number} has {len(cells)} cells, expected {len(heading)}")
        rows.append(dict(zip(heading, cells)))
    return rows


def number(text):
    """A number, NaN for what is missing."""
    return math.nan if text in ("", "n/a") else float(text)


def annotator_lines(folder):
    """One line an annotator from a consensus's annotators.tsv, the one who differs most from the others first."""
    rows = read_tsv(Path(folder) / "annotators.tsv")
    rows.sort(key=lambda row: (math.isnan(number(row["mean_dice_others"])), number(row["mean_dice_others"])))
    return [f"{row['annotator']}: Dice with the others {shorter(row['mean_dice_others'])}, weight {shorter(row['mean_weight'])}"
            for row in rows]


def labels_of_report(path):
    """{value: name} and {value: volume in mm³} of the first case in a run record of sulcus-segment."""
    record = json.loads(Path(path).read_text(encoding="utf-8"))
    labels = record["results"]["cases"][0]["labels"]
    return {label["value"]: label["name"] for label in labels}, {label["value"]: label["volume_mm3"] for label in labels}


def common_values(names_of_each):
    """One label value for each segment name of all annotators, from 1, in the order of the names: annotators need not have
    drawn their segments in the same order. Raises ValueError for two segments of one name."""
    for names in names_of_each:
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"two segments are called '{repeated[0]}'")
    return {name: value for value, name in enumerate(sorted({name for names in names_of_each for name in names}), start=1)}


def file_name(name):
    """A name that is safe as part of a file name; sulcus-consensus calls annotators by it."""
    return "".join(c if c.isalnum() or c in "-" else "-" for c in name).strip("-") or "annotator"


def shorter(text):
    """Numbers with three digits; other texts as they are."""
    try:
        return f"{float(text):.3g}"
    except ValueError:
        return text
