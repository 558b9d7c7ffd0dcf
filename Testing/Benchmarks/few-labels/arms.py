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


def _correction(*options):
    return {"train": ["--method", "correction", *options]}


# Methods with two streams see the plan's batch of labelled and as many unlabelled patches a step; "supervised-equal" sees as
# many patches, all labelled.
ARMS = {
    "supervised": {"train": ["--method", "supervised"]},
    "supervised-equal": {"train": ["--method", "supervised", "--labelled_patches", "4"]},
    "mean-teacher": {"train": ["--method", "mean_teacher"]},
    "uncertainty-mean-teacher": {"train": ["--method", "uncertainty_mean_teacher"]},
    "cross-pseudo": {"train": ["--method", "cross_pseudo_supervision"]},
    "fixmatch": {"train": ["--method", "fixmatch"]},
    "weak-to-strong": {"train": ["--method", "unimatch"]},
    "pseudo-labels": {"train": ["--method", "pseudo_labels"]},
    "correction": _correction(),
    # one recipe: contrastive stages on the unlabelled cases, then the correction from their weights
    "contrastive+correction": {"pretrain": [["--method", "global"], ["--method", "local"]], **_correction()},
    "correction-published": {"train": ["--method", "correction_published"]},
    # ablations of the correction
    "correction-full-gate": _correction("--correction_gate", "full"),
    "correction-concatenate": _correction("--correction_gate", "concatenate"),
    "correction-add": _correction("--correction_gate", "add"),
    "correction-box": _correction("--correction_mask_source", "box"),
    "correction-erased-only": _correction("--correction_inpainting_source", "erased"),
    "correction-no-coarse-loss": _correction("--correction_coarse_weight", "0"),
    "correction-no-repainting": _correction("--correction_inpainting_weight", "0", "--correction_labelled_inpainting_weight", "0"),
}
