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
        "global": ["--global_axis", "1"],  # a hippocampus is longest, and changes most, from front to back
        "train": [],
        "segment": ["--flips", "allowed"],
        "evaluate": [],
    },
    "acdc": {
        "files": _acdc_files,
        # The source lost the voxel spacing and wrote 1 mm; scanners of this study had about 1.4-1.7 mm in plane, 5-10 mm between slices.
        "spacing": (1.5, 1.5, 8.0),
        "subject": lambda case: case.split("_")[0],
        "steps": 500,
        "prepare": [],
        "global": ["--global_axis", "2"],
        "train": [],
        "segment": [],
        "evaluate": [],
    },
}


def _correction(*options):
    return {"train": ["--method", "correction", *TWO_STREAMS, *options]}


# Every arm sees two patches a step for the same number of steps: both labelled, or one of each stream.
TWO_STREAMS = ["--labelled_patches", "1", "--unlabelled_patches", "1"]

SUPERVISED = {"train": ["--method", "supervised"]}
SIMCLR = ["--method", "simclr", "--steps", "1500"]
LOCAL = ["--method", "local", "--steps", "1500"]


def _global(strategy):
    return ["--method", "global", "--global_strategy", strategy, "--steps", "1500"]


ARMS = {
    "supervised": SUPERVISED,
    # pre-training on all volumes of the pool, then supervised fine-tuning
    "G_R": {"pretrain": [SIMCLR], **SUPERVISED},
    "G_D-": {"pretrain": [_global("domain_negatives")], **SUPERVISED},
    "G_D": {"pretrain": [_global("domain")], **SUPERVISED},
    "G_D+L_R": {"pretrain": [_global("domain"), LOCAL], **SUPERVISED},
    "G_D+L_R+mixup": {"pretrain": [_global("domain"), LOCAL], "train": [*SUPERVISED["train"], "--mixup", "0.1"]},
    "mean-teacher": {"train": ["--method", "mean_teacher", *TWO_STREAMS]},
    "uncertainty-mean-teacher": {"train": ["--method", "uncertainty_mean_teacher", *TWO_STREAMS]},
    "cross-pseudo": {"train": ["--method", "cross_pseudo_supervision", *TWO_STREAMS]},
    "fixmatch": {"train": ["--method", "fixmatch", *TWO_STREAMS]},
    "weak-to-strong": {"train": ["--method", "unimatch", *TWO_STREAMS]},
    "pseudo-labels": {"train": ["--method", "pseudo_labels", *TWO_STREAMS]},
    "correction": _correction(),
    # one recipe: contrastive stages on the unlabelled cases, then the correction from their weights
    "contrastive+correction": {"pretrain": [_global("domain"), LOCAL], **_correction()},
    "correction-published": {"train": ["--method", "correction_published", *TWO_STREAMS]},
    # ablations of the correction
    "correction-full-gate": _correction("--correction_gate", "full"),
    "correction-concatenate": _correction("--correction_gate", "concatenate"),
    "correction-add": _correction("--correction_gate", "add"),
    "correction-box": _correction("--correction_mask_source", "box"),
    "correction-erased-only": _correction("--correction_inpainting_source", "erased"),
    "correction-no-coarse-loss": _correction("--correction_coarse_weight", "0"),
    "correction-no-repainting": _correction("--correction_inpainting_weight", "0", "--correction_labelled_inpainting_weight", "0"),
}
