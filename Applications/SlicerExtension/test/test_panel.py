"""The panel with stand-ins for Slicer's own modules: which nodes are exported and loaded, what is shown, what is cleaned up.

The programs are small scripts here; the panel inside a real Slicer has a self-test of its own (SulcusTest)."""
import importlib
import json
import shutil
import stat
import sys
import tempfile
import types
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent / "Sulcus"
sys.path.insert(0, str(ROOT))

SEGMENT = """#!/bin/sh
while [ $# -gt 0 ]; do case "$1" in --output) out="$2";; --report) report="$2";; esac; shift; done
echo "<filter-progress>0.5</filter-progress>"
echo labels > "$out"
echo '%s' > "$report"
""" % json.dumps({"results": {"cases": [{"labels": [{"value": 1, "name": "hippocampus", "voxels": 1, "volume_mm3": 1.0}]}]}})
CONSENSUS = """#!/bin/sh
echo "$@" > "$(dirname "$0")/arguments"
while [ $# -gt 0 ]; do case "$1" in --output) out="$2";; esac; shift; done
mkdir -p "$out"; touch "$out/case_consensus.nii.gz" "$out/case_confidence.nii.gz"
printf 'annotator\\tmean_dice_others\\tmean_weight\\nanna\\t0.5\\t1\\n' > "$out/annotators.tsv"
"""


class Array:
    """As much of numpy as the panel touches; Slicer brings the real one."""

    def __init__(self, values):
        self.values = list(values)

    def astype(self, _):
        return Array(self.values)

    def __mul__(self, factor):
        return Array(value * factor for value in self.values)

    def __rsub__(self, number):
        return Array(number - value for value in self.values)

    def __gt__(self, number):
        return [value > number for value in self.values]

    def __setitem__(self, mask, value):
        self.values = [value if chosen else old for chosen, old in zip(mask, self.values)]

    def ravel(self):
        return self

    def tolist(self):
        return self.values


class Node(mock.MagicMock):
    def __init__(self, kind="vtkMRMLScalarVolumeNode", name="node", array=(0, 1), segments=(), **other):
        super().__init__(**other)
        self.array = Array(array)
        self.IsA = lambda asked: asked == kind or (asked == "vtkMRMLVolumeNode" and "Volume" in kind)
        self.GetName = lambda: name
        self.GetNodeReference = lambda role: None
        segmentation = self.GetSegmentation()
        segmentation.GetNumberOfSegments.return_value = len(segments)
        segmentation.GetNthSegmentID.side_effect = lambda i: f"id{i}"
        segmentation.GetSegment.side_effect = lambda key: mock.Mock(GetName=lambda: segments[int(key[2:])])

    def _get_child_mock(self, **other):
        return mock.MagicMock(**other)


def stand_ins():
    """The modules slicer, qt and slicer.ScriptedLoadableModule."""
    base = type("Base", (), {"__init__": lambda self, parent=None: None, "setup": lambda self: None})
    scripted = types.ModuleType("slicer.ScriptedLoadableModule")
    for name in ("ScriptedLoadableModule", "ScriptedLoadableModuleLogic", "ScriptedLoadableModuleTest", "ScriptedLoadableModuleWidget"):
        setattr(scripted, name, base)
    return {"slicer": mock.MagicMock(), "qt": mock.MagicMock(), "slicer.ScriptedLoadableModule": scripted}


class PanelTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        for verb, text in (("segment", SEGMENT), ("consensus", CONSENSUS), ("study", "#!/bin/sh\nsleep 30\n")):
            program = self.folder / f"sulcus-{verb}"
            program.write_text(text)
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        modules = stand_ins()
        patch = mock.patch.dict(sys.modules, modules)
        patch.start()
        self.addCleanup(patch.stop)
        sys.modules.pop("Sulcus", None)
        self.slicer = modules["slicer"]
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()
        self.slicer.app.temporaryPath = str(self.scratch)
        self.slicer.app.userSettings().value.return_value = str(self.folder)
        self.slicer.util.startupEnvironment.return_value = {"PATH": "/usr/bin:/bin"}
        self.saved = {}
        self.slicer.util.exportNode.side_effect = self.export
        self.slicer.util.arrayFromVolume.side_effect = lambda node: node.array
        self.slicer.util.updateVolumeFromArray.side_effect = lambda node, array: setattr(node, "array", array)
        self.slicer.mrmlScene.AddNewNodeByClass.side_effect = lambda kind, name: Node(kind, name)
        self.panel = importlib.import_module("Sulcus")
        self.logic = self.panel.SulcusLogic()

    def tearDown(self):
        shutil.rmtree(self.folder)

    def export(self, node, path):
        Path(path).write_text("voxels")
        self.saved[Path(path).name] = node.array.values
        return True

    def finish(self):
        self.logic.run.wait(20)
        return self.logic.poll()

    def test_segment_loads_named_segments_and_cleans_up(self):
        self.slicer.util.loadLabelVolume.return_value = Node("vtkMRMLLabelMapVolumeNode", array=(0, 1, 1))
        model = self.folder / "model.safetensors"
        model.touch()
        target = Node("vtkMRMLSegmentationNode")
        self.logic.segment(Node(name="T1"), str(model), target, uncertainty=True)
        self.assertEqual(self.finish(), "Done.")
        target.GetSegmentation().GetNthSegment(0).SetName.assert_called_with("hippocampus")
        self.slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode.assert_called_once()
        self.assertIn("labels_uncertainty.nrrd", self.slicer.util.loadVolume.call_args[0][0])
        self.assertEqual(list(self.scratch.iterdir()), [])
        self.assertIsNone(self.logic.run)

    def test_segmentations_become_label_maps_with_common_values(self):
        masks = {("anna", "id0"): Array([1, 0, 0]), ("anna", "id1"): Array([0, 1, 0]), ("ben", "id0"): Array([0, 1, 1])}
        self.slicer.util.arrayFromSegmentBinaryLabelmap.side_effect = lambda node, segment, _: masks[node.GetName(), segment]
        self.slicer.util.loadLabelVolume.return_value = Node("vtkMRMLLabelMapVolumeNode", array=(0, 2))
        confidence = Node(array=(0.25, 1.0))
        self.slicer.util.loadVolume.return_value = confidence
        image = Node(array=(9, 9, 9))
        anna = Node("vtkMRMLSegmentationNode", "anna", segments=("tumour", "cyst"))
        ben = Node("vtkMRMLSegmentationNode", "ben", segments=("cyst",))
        target, lines = Node("vtkMRMLSegmentationNode"), []
        self.logic.consensus([anna, ben], image, target, on_annotators=lines.extend)
        self.assertEqual(self.finish(), "Done.")
        self.assertEqual(self.saved["anna-1.nrrd"], [2, 1, 0])  # cyst 1, tumour 2
        self.assertEqual(self.saved["ben-2.nrrd"], [0, 1, 1])
        target.GetSegmentation().GetNthSegment(0).SetName.assert_called_with("tumour")
        self.assertEqual(confidence.array.values, [0.75, 0.0])  # disagreement
        self.assertEqual(lines, ["anna: Dice with the others 0.5, weight 1"])
        arguments = (self.folder / "arguments").read_text()
        self.assertIn("--image", arguments)

    def test_annotation_without_image_is_explained(self):
        anna = Node("vtkMRMLSegmentationNode", "anna", segments=("tumour",))
        with self.assertRaisesRegex(ValueError, "Choose the image on which 'anna' was drawn"):
            self.logic.consensus([anna, anna], None, Node())

    def test_failing_program_is_told_and_nothing_loaded(self):
        (self.folder / "sulcus-segment").write_text("#!/bin/sh\necho 'sulcus-segment: error: too coarse [E-SCOPE]' >&2\nexit 9\n")
        model = self.folder / "model.safetensors"
        model.touch()
        self.logic.segment(Node(), str(model), Node())
        self.assertEqual(self.finish(), "the image lies outside what the model was trained on: too coarse [E-SCOPE]")
        self.slicer.util.loadLabelVolume.assert_not_called()
        self.assertEqual(list(self.scratch.iterdir()), [])

    def test_one_program_at_a_time_and_cancel(self):
        self.logic.study(str(self.folder), str(self.folder / "out"))
        with self.assertRaisesRegex(ValueError, "still running"):
            self.logic.segment(Node(), "model", Node())
        self.logic.cancel()
        self.assertEqual(self.finish(), "cancelled")

    def test_missing_programs_reach_the_user(self):
        self.slicer.app.userSettings().value.return_value = "/nowhere"
        widget = self.make_widget()
        self.assertIn("were not found", widget.ui.programsStatus.text)
        widget.onSegment()
        self.assertIn("were not found", self.slicer.util.errorDisplay.call_args[0][0])
        self.assertIsNone(widget.logic.run)

    def make_widget(self):
        names = [element.get("name") for element in ElementTree.parse(ROOT / "Resources" / "UI" / "Sulcus.ui").iter("widget")]
        self.assertEqual(len(names), len(set(names)))
        self.slicer.util.childWidgetVariables.return_value = types.SimpleNamespace(**{name: mock.MagicMock() for name in names})
        widget = self.panel.SulcusWidget()
        widget.layout = mock.MagicMock()
        widget.resourcePath = str
        widget.setup()
        self.logic = widget.logic
        return widget

    def test_panel_shows_progress_and_the_end(self):
        self.slicer.util.loadLabelVolume.return_value = Node("vtkMRMLLabelMapVolumeNode", array=(0, 1))
        widget = self.make_widget()
        model = self.folder / "model.safetensors"
        model.touch()
        widget.ui.inputVolume.currentNode.return_value = Node()
        widget.ui.modelPath.currentPath = str(model)
        widget.ui.flips.currentText = "none"
        widget.ui.uncertainty.checked = False
        widget.onSegment()
        self.assertFalse(widget.ui.segmentButton.enabled)
        self.assertTrue(widget.ui.cancelButton.enabled)
        widget.logic.run.wait(20)
        widget.onTimer()
        self.assertEqual(widget.ui.status.text, "Done.")
        self.assertTrue(widget.ui.segmentButton.enabled)
        widget.ui.progress.setValue.assert_called_with(100)

    def test_results_that_cannot_be_loaded_do_not_block_the_panel(self):
        self.slicer.util.loadLabelVolume.side_effect = RuntimeError("no reader")
        widget = self.make_widget()
        model = self.folder / "model.safetensors"
        model.touch()
        widget.ui.modelPath.currentPath = str(model)
        widget.ui.inputVolume.currentNode.return_value = Node()
        widget.ui.flips.currentText = "none"
        widget.onSegment()
        widget.logic.run.wait(20)
        widget.onTimer()
        self.assertEqual(widget.ui.status.text, "The results could not be loaded: no reader")
        self.assertTrue(widget.ui.segmentButton.enabled)


if __name__ == "__main__":
    unittest.main()
