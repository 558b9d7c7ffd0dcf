"""Command lines of Sulcus's programs, as lists of arguments: no shell ever sees them."""
from dataclasses import dataclass, field
from pathlib import Path

from .programs import require_program

COMMON = ["--progress", "slicer", "--log_level", "warning"]


class RequestError(ValueError):
    """Something the user has to choose is missing or contradicts itself; the text is for the panel."""


def require(condition, message):
    if not condition:
        raise RequestError(message)


def texts(*values):
    return [str(value) for value in values]


@dataclass
class SegmentRequest:
    """One scan with all its channels, in the order the model was trained with."""
    images: list
    models: list
    output: Path
    uncertainty: bool = False
    flips: str = "none"
    device: str = "auto"
    threads: int = 0

    def command(self, folder):
        require(self.images, "Choose the volume to segment.")
        require(self.models, "Choose a model file (model.safetensors).")
        for model in self.models:
            require(Path(model).is_file(), f"The model file {model} does not exist.")
        command = texts(require_program(folder, "segment"), *self.images)
        for model in self.models:
            command += texts("--model", model)
        command += texts("--output", self.output, "--flips", self.flips, "--device", self.device, "--threads", self.threads)
        command += ["--uncertainty"] if self.uncertainty else []
        return command + texts("--report", self.report(), "--overwrite") + COMMON

    def report(self):
        return Path(self.output).with_name("report.json")

    def uncertainty_file(self):
        name = Path(self.output).name
        stem, _, ending = name.partition(".")
        return Path(self.output).with_name(f"{stem}_uncertainty.{ending}")


@dataclass
class ConsensusRequest:
    """Label maps of at least two annotators, with or without the image that was annotated."""
    annotations: list
    output: Path
    image: str = ""
    rule: str = "graph_cut"
    missing_value: int = -1
    smoothing: float = 0.4
    seed: int = 0
    threads: int = 0

    def command(self, folder):
        require(len(self.annotations) >= 2, "Choose the segmentations of at least two annotators.")
        require(len(set(map(str, self.annotations))) == len(self.annotations), "An annotator is chosen twice.")
        command = texts(require_program(folder, "consensus"), *self.annotations)
        if self.image:
            command += texts("--image", self.image)
        command += texts("--output", self.output, "--rule", self.rule, "--missing_value", self.missing_value,
                         "--lambda", self.smoothing, "--seed", self.seed, "--threads", self.threads, "--case_name", "case")
        return command + ["--overwrite"] + COMMON

    def file(self, what):
        """'consensus' and 'flags' are label maps, 'confidence' is an image from 0 (disputed) to 1."""
        return Path(self.output) / f"case_{what}.nii.gz"


@dataclass
class StudyRequest:
    """A whole study: a data folder or a study file in, models, segmentations and a report out."""
    study: str
    output: Path
    methods: list = field(default_factory=list)
    steps: int = 0
    labelled: int = 0
    seed: int = 0
    device: str = "auto"
    threads: int = 0
    dry_run: bool = False

    def command(self, folder):
        require(self.study, "Choose a data folder or a study file.")
        require(Path(self.study).exists(), f"{self.study} does not exist.")
        require(str(self.output), "Choose a folder for the study.")
        command = texts(require_program(folder, "study"), self.study, "--output", self.output)
        if self.methods:
            command += ["--methods", ",".join(self.methods)]
        for name, value in (("--steps", self.steps), ("--labelled", self.labelled)):
            command += texts(name, value) if value > 0 else []
        command += texts("--seed", self.seed, "--device", self.device, "--threads", self.threads)
        return command + (["--dry_run"] if self.dry_run else []) + COMMON

    def report(self):
        """The report page, or None while there is none."""
        pages = sorted(Path(self.output).glob("**/report.html"), key=lambda page: len(page.parts))
        return pages[0] if pages else None
