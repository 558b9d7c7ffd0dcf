"""What the few-label benchmark can run: data sets on their frozen splits, and arms (options of the programs)."""


def _hippocampus_files(root, case):
    return root / "images" / f"{case}.nii.gz", root / "labels" / f"{case}.nii.gz"


def _acdc_files(root, case):
    return root / f"{case}_image.nii.gz", root / f"{case}_label.nii.gz"


DATA = {
    "hippocampus": {
        "files": _hippocampus_files,
        "subject": lambda case: case,
        "steps": 1200,
        "prepare": ["--flips", "x"],  # left and right hippocampi: mirror images of each other
        "train": [],
        "segment": ["--flips", "allowed"],
        "evaluate": [],
    },
    "acdc": {
        "files": _acdc_files,
        "subject": lambda case: case.split("_")[0],
        "steps": 500,
        "prepare": [],
        "train": [],
        "segment": [],
        "evaluate": [],
    },
}

ARMS = {
    "supervised": {"train": ["--method", "supervised"]},
}
