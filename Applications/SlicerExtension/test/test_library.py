"""SulcusLib without Slicer: finding programs, command lines, progress, runs, results.

SULCUS_PROGRAMS, if set, names a folder with real programs, whose options are then held against the command lines."""
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Sulcus"))
from SulcusLib.commands import ConsensusRequest, RequestError, SegmentRequest, StudyRequest  # noqa: E402
from SulcusLib.programs import ProgramsMissing, find_programs, require_program, version_of  # noqa: E402
from SulcusLib.progress import ProgressParser  # noqa: E402
from SulcusLib.results import annotator_lines, common_values, file_name, labels_of_report, read_tsv  # noqa: E402
from SulcusLib.run import Run  # noqa: E402

REAL = os.environ.get("SULCUS_PROGRAMS", "")


class FolderTest(unittest.TestCase):
    def setUp(self):
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self._temporary.name)

    def tearDown(self):
        self._temporary.cleanup()

    def program(self, name, text="#!/bin/sh\n", where="bin"):
        path = self.folder / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def file(self, name, text=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


class FindingPrograms(FolderTest):
    def test_setting_wins_over_everything(self):
        self.program("sulcus-segment", where="mine")
        self.program("sulcus-segment", where="path")
        self.program("sulcus", where="path")
        environment = {"PATH": str(self.folder / "path")}
        self.assertEqual(find_programs(str(self.folder / "mine"), environment), self.folder / "mine")
        self.assertEqual(find_programs("", environment), (self.folder / "path").resolve())

    def test_prefix_works_as_setting(self):
        self.program("sulcus-segment")
        self.assertEqual(find_programs(str(self.folder), {}), self.folder / "bin")

    def test_wrong_setting_is_not_silently_replaced(self):
        self.program("sulcus-segment", where="path")
        self.program("sulcus", where="path")
        with self.assertRaisesRegex(ProgramsMissing, "the setting of this panel"):
            find_programs("/nowhere", {"PATH": str(self.folder / "path")})

    def test_own_installation_is_found(self):
        self.program("sulcus-segment")
        module = self.folder / "share" / "Sulcus" / "SlicerExtension" / "Sulcus"
        module.mkdir(parents=True)
        self.assertEqual(find_programs("", {}, module), (self.folder / "bin").resolve())

    def test_missing_programs_are_explained(self):
        with self.assertRaisesRegex(ProgramsMissing, "were not found.*Looked in: /nowhere"):
            find_programs("/nowhere", {})
        self.program("sulcus-segment")
        with self.assertRaisesRegex(ProgramsMissing, "There is no sulcus-study"):
            require_program(self.folder / "bin", "study")

    def test_program_that_does_not_run_is_explained(self):
        self.program("sulcus-segment", "#!/bin/sh\necho 'libITKCommon: cannot open' >&2\nexit 127\n")
        with self.assertRaisesRegex(ProgramsMissing, "does not run: libITKCommon"):
            version_of(self.folder / "bin")
        (self.folder / "bin" / "sulcus-segment").chmod(0o600)
        with self.assertRaises(ProgramsMissing):
            find_programs(str(self.folder / "bin"), {})


class Commands(FolderTest):
    def setUp(self):
        super().setUp()
        for verb in ("segment", "consensus", "study"):
            self.program(f"sulcus-{verb}")
        self.bin = self.folder / "bin"
        self.model = self.file("a model, with comma.safetensors")

    def test_segment(self):
        request = SegmentRequest(["/t/i 1.nrrd"], [self.model], "/t/labels.nrrd", uncertainty=True, flips="all", device="cpu", threads=2)
        self.assertEqual(request.command(self.bin), [
            str(self.bin / "sulcus-segment"), "/t/i 1.nrrd", "--model", str(self.model), "--output", "/t/labels.nrrd", "--flips", "all",
            "--device", "cpu", "--threads", "2", "--uncertainty", "--report", "/t/report.json", "--overwrite",
            "--progress", "slicer", "--log_level", "warning"])
        self.assertEqual(request.uncertainty_file(), Path("/t/labels_uncertainty.nrrd"))
        self.assertEqual(SegmentRequest([], [], "/t/l.nii.gz").uncertainty_file(), Path("/t/l_uncertainty.nii.gz"))

    def test_consensus(self):
        request = ConsensusRequest(["a.nrrd", "b.nrrd"], self.folder / "fused", image="i.nrrd", rule="staple", smoothing=0.25)
        command = request.command(self.bin)
        self.assertEqual(command[1:5], ["a.nrrd", "b.nrrd", "--image", "i.nrrd"])
        self.assertEqual(command[command.index("--lambda") + 1], "0.25")
        self.assertEqual(request.file("confidence"), self.folder / "fused" / "case_confidence.nii.gz")
        self.assertNotIn("--image", ConsensusRequest(["a", "b"], "o").command(self.bin))

    def test_study(self):
        request = StudyRequest(str(self.folder), self.folder / "out", methods=["supervised", "fixmatch"], steps=50, dry_run=True)
        command = request.command(self.bin)
        self.assertEqual(command[command.index("--methods") + 1], "supervised,fixmatch")
        self.assertEqual(command[command.index("--steps") + 1], "50")
        self.assertNotIn("--labelled", command)
        self.assertIn("--dry_run", command)
        self.assertIsNone(request.report())
        page = self.file("out/report/report.html")
        self.file("out/report/evaluation/a/report.html")
        self.assertEqual(request.report(), page)

    def test_what_is_missing_is_told(self):
        for request, message in (
                (SegmentRequest([], [self.model], "o"), "Choose the volume"),
                (SegmentRequest(["i"], [], "o"), "Choose a model"),
                (SegmentRequest(["i"], ["/nowhere.safetensors"], "o"), "does not exist"),
                (ConsensusRequest(["a"], "o"), "at least two"),
                (ConsensusRequest(["a", "a"], "o"), "chosen twice"),
                (StudyRequest("", "o"), "data folder"),
                (StudyRequest("/nowhere", "o"), "does not exist"),
                (StudyRequest(str(self.folder), ""), "Choose a folder")):
            with self.assertRaisesRegex(RequestError, message):
                request.command(self.bin)

    @unittest.skipUnless(REAL, "SULCUS_PROGRAMS is not set")
    def test_real_programs_know_every_option(self):
        requests = {"segment": SegmentRequest(["i.nrrd"], [self.model], "o.nrrd", uncertainty=True),
                    "consensus": ConsensusRequest(["a.nrrd", "b.nrrd"], "o", image="i.nrrd"),
                    "study": StudyRequest(str(self.folder), "o", methods=["supervised"], steps=1, labelled=1, dry_run=True)}
        for verb, request in requests.items():
            if not Path(REAL, f"sulcus-{verb}").exists():
                continue  # this build lacks it
            answer = subprocess.run(request.command(REAL) + ["--help"], capture_output=True, text=True)
            self.assertEqual(answer.returncode, 0, answer.stderr)


class Progress(unittest.TestCase):
    TEXT = ('<filter-start>\n<filter-name>Segmenting</filter-name>\n<filter-comment> "window 3" </filter-comment>\n</filter-start>\n'
            "<filter-progress>0.2500</filter-progress>\nsome text\n<filter-progress>0.5</filter-progress>\n"
            "<filter-end>\n<filter-name>Segmenting</filter-name>\n<filter-time>1.2</filter-time>\n</filter-end>\nlast")

    def test_pieces_of_any_size_give_the_same(self):
        for size in (1, 2, 7, 1000):
            parser = ProgressParser()
            lines = []
            for begin in range(0, len(self.TEXT), size):
                lines += parser.feed(self.TEXT[begin:begin + size])
            self.assertEqual((parser.fraction, parser.task, parser.comment, lines), (0.5, "Segmenting", "window 3", ["some text"]))
            self.assertEqual(parser.finish(), ["last"])
            self.assertEqual(parser.finish(), [])

    def test_damaged_and_impossible_values_are_ignored(self):
        parser = ProgressParser()
        parser.feed("<filter-progress>0.4</filter-progress>\n<filter-progress>1.2.3</filter-progress>\n"
                    "<filter-progress>7</filter-progress>\n<filter-progress>0.9\n")
        self.assertEqual(parser.fraction, 0.4)
        self.assertIsNone(ProgressParser().fraction)


class Running(FolderTest):
    def run_python(self, script):
        return Run([sys.executable, "-u", "-c", script])

    def test_success_with_progress_and_warnings(self):
        run = self.run_python("import sys\nprint('<filter-progress>1.0000</filter-progress>')\nprint('a line')\n"
                              "print('warning: odd spacing', file=sys.stderr)")
        self.assertEqual(run.wait(), 0)
        self.assertEqual((run.fraction, run.output, run.warnings(), run.failure()), (1.0, ["a line"], ["warning: odd spacing"], ""))

    def test_failure_is_one_sentence(self):
        run = self.run_python("import sys\nsys.stderr.write('sulcus-segment: error: scan.nrrd: damaged [E-INPUT]')\nsys.exit(3)")
        self.assertEqual(run.wait(), 3)
        self.assertEqual(run.failure(), "an input file is damaged or missing: scan.nrrd: damaged [E-INPUT]")

    def test_crash_is_told(self):
        run = self.run_python("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
        self.assertEqual(run.wait(), 128 + signal.SIGSEGV)
        self.assertIn("status 139", run.failure())

    def test_much_output_does_not_block(self):
        run = self.run_python("import sys\nfor i in range(40000):\n    print('x' * 20)\n    print('y' * 20, file=sys.stderr)")
        self.assertEqual(run.wait(), 0)
        self.assertEqual((len(run.output), len(run.messages)), (40000, 40000))

    def test_cancel_reaches_children_and_is_told(self):
        marker = self.folder / "pid"
        run = Run(["/bin/sh", "-c", f"sleep 60 & echo $! > '{marker}'; wait"])
        self.wait_for(lambda: marker.exists() and marker.read_text().strip())
        start = time.monotonic()
        run.cancel()
        run.wait(10)
        self.assertLess(time.monotonic() - start, 4)
        self.assertEqual(run.failure(), "cancelled")
        self.wait_for(lambda: not self.is_running(int(marker.read_text())))

    def test_deaf_program_is_ended(self):
        run = self.run_python("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf')\ntime.sleep(60)")
        self.wait_for(lambda: run.poll() or run.output)
        run.GRACE_IN_SECONDS = 0.2
        run.cancel()
        self.assertEqual(run.wait(10), 128 + signal.SIGKILL)

    def test_given_environment_is_used(self):
        run = Run([sys.executable, "-c", "import os; print(sorted(k for k in os.environ if k.startswith('SULCUS_')))"],
                  environment={"SULCUS_ONLY": "1"})
        run.wait()
        self.assertEqual(run.output, ["['SULCUS_ONLY']"])

    def wait_for(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    @staticmethod
    def is_running(process):
        status = Path(f"/proc/{process}/status")
        return status.exists() and "State:\tZ" not in status.read_text()


class Results(FolderTest):
    def test_annotators_with_least_agreement_first(self):
        self.file("annotators.tsv", "annotator\tcases\tmean_dice_others\tmean_weight\nanna\t1\t0.91234\t0.5\nben\t1\tn/a\tn/a\n"
                                    "carla\t1\t0.4\t0.1\n")
        self.assertEqual(annotator_lines(self.folder), ["carla: Dice with the others 0.4, weight 0.1",
                                                        "anna: Dice with the others 0.912, weight 0.5",
                                                        "ben: Dice with the others n/a, weight n/a"])

    def test_tables_of_other_width_are_refused(self):
        with self.assertRaisesRegex(ValueError, "line 3 has 1 cells"):
            read_tsv(self.file("t.tsv", "a\tb\n1\t2\n3\n"))
        with self.assertRaisesRegex(ValueError, "empty"):
            read_tsv(self.file("e.tsv"))

    def test_labels_of_a_report(self):
        labels = [{"value": 3, "name": "left", "voxels": 5, "volume_mm3": 7.5}]
        report = self.file("r.json", json.dumps({"results": {"cases": [{"labels": labels}]}}))
        self.assertEqual(labels_of_report(report), ({3: "left"}, {3: 7.5}))

    def test_segments_are_matched_by_name(self):
        self.assertEqual(common_values([["tumour", "cyst"], ["cyst"], ["edema", "tumour"]]), {"cyst": 1, "edema": 2, "tumour": 3})
        self.assertEqual(common_values([]), {})
        with self.assertRaisesRegex(ValueError, "two segments are called 'cyst'"):
            common_values([["cyst", "cyst"]])

    def test_file_names(self):
        self.assertEqual(file_name("Anna's drawing/2"), "Anna-s-drawing-2")
        self.assertEqual(file_name("//"), "annotator")


if __name__ == "__main__":
    unittest.main()
