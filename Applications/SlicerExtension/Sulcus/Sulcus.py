"""Panel of 3D Slicer for Sulcus's programs. What needs no Slicer is in SulcusLib and tested without it."""
import shutil
import tempfile
from pathlib import Path

import qt
import slicer
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

from SulcusLib.commands import ConsensusRequest, RequestError, SegmentRequest, StudyRequest
from SulcusLib.programs import ProgramsMissing, find_programs, version_of
from SulcusLib.results import annotator_lines, common_values, file_name, labels_of_report
from SulcusLib.run import Run

PROGRAMS_SETTING = "Sulcus/Programs"


class Sulcus(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "Sulcus"
        parent.categories = ["Segmentation"]
        parent.dependencies = []
        parent.contributors = ["The Sulcus developers"]
        parent.helpText = (
            "Segments a volume with a trained model, fuses the segmentations of several annotators with a map of their "
            "disagreement, and runs whole studies with few labels. The programs of Sulcus must be installed; they run as separate "
            "processes, nothing is installed into Slicer and nothing leaves the computer. Research software, not a medical device.")
        parent.acknowledgementText = "Apache-2.0."


class SulcusLogic(ScriptedLoadableModuleLogic):
    """Exports nodes to files, starts programs, loads what they wrote. One run at a time."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self.run = None
        self._folder = None
        self._load = None

    @staticmethod
    def programs():
        setting = slicer.app.userSettings().value(PROGRAMS_SETTING) or ""
        return find_programs(setting, slicer.util.startupEnvironment(), Path(__file__).parent)

    def start(self, command, load):
        """Starts a command; `load` is called with no argument after success."""
        if self.run is not None:
            raise RequestError("A program is still running.")
        self._load = load
        self.run = Run(command, environment=slicer.util.startupEnvironment())

    def poll(self):
        """None while the program runs, else a sentence about its end; loads results after success."""
        if self.run is None or not self.run.poll():
            return None
        run, self.run = self.run, None
        try:
            if run.status == 0:
                self._load()
            elif run.status == 7:
                return run.failure() + " (the others are done)"
            return run.failure() or "Done."
        finally:
            self._forget_folder()

    def cancel(self):
        if self.run is not None:
            self.run.cancel()

    def segment(self, volume, model, target, uncertainty=False, flips="none"):
        folder = self._new_folder()
        image = self._save(volume, folder / "image.nrrd")
        request = SegmentRequest([image], [model] if model else [], folder / "labels.nrrd", uncertainty, flips)
        self.start(self._command(request), lambda: self._load_segmentation(request, volume, target))

    def consensus(self, annotations, image, target, rule="graph_cut", smoothing=0.4, on_annotators=print):
        """Annotations are segmentation or label map nodes."""
        folder = self._new_folder()
        image_file = self._save(image, folder / "image.nrrd") if image else ""
        names = self._export_annotations(annotations, image, folder)
        request = ConsensusRequest([folder / f"{name}.nrrd" for name in self._annotator_files], folder / "fused", image_file, rule,
                                   smoothing=smoothing)

        def load():
            self._load_labels(request.file("consensus"), names, image or annotations[0], target)
            self._load_disagreement(request.file("confidence"))
            on_annotators(annotator_lines(request.output))

        self.start(self._command(request), load)

    def study(self, study, output, steps=0, labelled=0, dry_run=False):
        request = StudyRequest(study, Path(output) if output else "", steps=steps, labelled=labelled, dry_run=dry_run)
        self.start(self._command(request), lambda: None)
        return request

    def _command(self, request):
        try:
            return request.command(self.programs())
        except Exception:
            self._forget_folder()
            raise

    def _new_folder(self):
        if self.run is not None:
            raise RequestError("A program is still running.")
        self._folder = Path(tempfile.mkdtemp(prefix="sulcus-", dir=slicer.app.temporaryPath))
        return self._folder

    def _forget_folder(self):
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @staticmethod
    def _save(node, path):
        if node is None:
            raise RequestError("Choose a volume.")
        # Exporting, unlike saving, leaves the node's own file name alone; Slicer before 5.2 can only save.
        export = getattr(slicer.util, "exportNode", slicer.util.saveNode)
        if not export(node, str(path)):
            raise RequestError(f"'{node.GetName()}' could not be saved for the program.")
        return path

    def _export_annotations(self, annotations, image, folder):
        """Writes one label map an annotator, with the same value for the same segment name; returns {value: name}."""
        segmentations = [node for node in annotations if node.IsA("vtkMRMLSegmentationNode")]
        values = common_values([list(self._segments(node).values()) for node in segmentations])
        self._annotator_files = []
        for position, node in enumerate(annotations):
            name = f"{file_name(node.GetName())}-{position + 1}"
            self._annotator_files.append(name)
            if node.IsA("vtkMRMLSegmentationNode"):
                self._export_segmentation(node, image, values, folder / f"{name}.nrrd")
            else:
                self._save(node, folder / f"{name}.nrrd")
        return {value: name for name, value in values.items()}

    @staticmethod
    def _segments(node):
        """{segment id: name}"""
        segmentation = node.GetSegmentation()
        ids = [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]
        return {segment: segmentation.GetSegment(segment).GetName() for segment in ids}

    def _export_segmentation(self, node, image, values, path):
        """Slicer has no segmentation files that programs read as label maps, so the segments are painted into one first."""
        reference = image or node.GetNodeReference(slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole())
        if reference is None:
            raise RequestError(f"Choose the image on which '{node.GetName()}' was drawn.")
        labels = slicer.util.arrayFromVolume(reference).astype("uint16") * 0
        for segment, name in self._segments(node).items():
            labels[slicer.util.arrayFromSegmentBinaryLabelmap(node, segment, reference) > 0] = values[name]
        volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", node.GetName() + " labels")
        try:
            volume.CopyOrientation(reference)
            slicer.util.updateVolumeFromArray(volume, labels)
            self._save(volume, path)
        finally:
            slicer.mrmlScene.RemoveNode(volume)

    def _load_segmentation(self, request, volume, target):
        names, _ = labels_of_report(request.report())
        self._load_labels(request.output, names, volume, target)
        if request.uncertainty:
            slicer.util.loadVolume(str(request.uncertainty_file()), {"name": volume.GetName() + " uncertainty", "show": False})

    @staticmethod
    def _load_labels(path, names, reference, target):
        """Puts a label map into a segmentation node, one named segment a label that occurs."""
        labels = slicer.util.loadLabelVolume(str(path), {"show": False})
        try:
            present = sorted(int(value) for value in set(slicer.util.arrayFromVolume(labels).ravel().tolist()) if value != 0)
            segmentation = target.GetSegmentation()
            segmentation.RemoveAllSegments()
            if reference.IsA("vtkMRMLVolumeNode"):
                target.SetReferenceImageGeometryParameterFromVolumeNode(reference)
            slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, target)
            for i, value in enumerate(present):  # imported in the order of their values
                segmentation.GetNthSegment(i).SetName(names.get(value, str(value)))
        finally:
            slicer.mrmlScene.RemoveNode(labels)

    @staticmethod
    def _load_disagreement(path):
        """Confidence is 1 where annotators agree; the map shows its complement over the image."""
        volume = slicer.util.loadVolume(str(path), {"name": "Disagreement", "show": False})
        slicer.util.updateVolumeFromArray(volume, 1.0 - slicer.util.arrayFromVolume(volume))
        display = volume.GetDisplayNode()
        display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeFileHotToColdRainbow.txt")
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(0.0, 1.0)
        slicer.util.setSliceViewerLayers(foreground=volume, foregroundOpacity=0.4)


class SulcusWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        root = slicer.util.loadUI(self.resourcePath("UI/Sulcus.ui"))
        self.layout.addWidget(root)
        self.ui = slicer.util.childWidgetVariables(root)
        root.setMRMLScene(slicer.mrmlScene)
        self.logic = SulcusLogic()
        self.request = None
        self.timer = qt.QTimer()
        self.timer.setInterval(150)
        self.timer.timeout.connect(self.onTimer)
        self.ui.programsPath.currentPath = slicer.app.userSettings().value(PROGRAMS_SETTING) or ""
        self.ui.programsPath.connect("currentPathChanged(QString)", self.onProgramsChanged)
        self.ui.segmentButton.connect("clicked(bool)", self.onSegment)
        self.ui.consensusButton.connect("clicked(bool)", self.onConsensus)
        self.ui.studyButton.connect("clicked(bool)", self.onStudy)
        self.ui.reportButton.connect("clicked(bool)", self.onReport)
        self.ui.cancelButton.connect("clicked(bool)", self.onCancel)
        self.showPrograms()
        self.setRunning(False)

    def cleanup(self):
        """Slicer is closing or reloading: no program outlives its panel."""
        self.timer.stop()
        self.logic.cancel()

    def onProgramsChanged(self, path):
        slicer.app.userSettings().setValue(PROGRAMS_SETTING, path)
        self.showPrograms()

    def showPrograms(self):
        try:
            folder = self.logic.programs()
            self.ui.programsStatus.text = f"{version_of(folder, slicer.util.startupEnvironment())} in {folder}"
        except ProgramsMissing as problem:
            self.ui.programsStatus.text = str(problem)

    def setRunning(self, running):
        for button in (self.ui.segmentButton, self.ui.consensusButton, self.ui.studyButton):
            button.enabled = not running
        self.ui.cancelButton.enabled = running
        if running:
            self.ui.log.clear()
            self.ui.status.text = "Starting"
            self.ui.progress.setRange(0, 0)  # busy until the first progress arrives
            self.timer.start()

    def begin(self, start):
        """Calls `start` and shows what the user has to choose first as a message instead of a traceback."""
        try:
            result = start()
        except (RequestError, ProgramsMissing, ValueError, OSError) as problem:
            slicer.util.errorDisplay(str(problem))
            return None
        self.setRunning(True)
        return result

    def onSegment(self, *_):
        self.begin(lambda: self.logic.segment(
            self.ui.inputVolume.currentNode(), self.ui.modelPath.currentPath, self.target(self.ui.segmentation, "Segmentation"),
            self.ui.uncertainty.checked, self.ui.flips.currentText))

    def onConsensus(self, *_):
        self.begin(lambda: self.logic.consensus(
            list(self.ui.annotations.checkedNodes()), self.ui.image.currentNode(), self.target(self.ui.consensus, "Consensus"),
            self.ui.rule.currentText, self.ui.smoothing.value, lambda lines: self.ui.log.setPlainText("\n".join(lines))))

    def onStudy(self, *_):
        self.request = self.begin(lambda: self.logic.study(
            self.ui.studyPath.currentPath, self.ui.studyOutput.currentPath, self.ui.steps.value, self.ui.labelled.value,
            self.ui.dryRun.checked))

    def onReport(self, *_):
        page = self.request.report() if self.request else None
        if page is None:
            slicer.util.infoDisplay("There is no report yet.")
            return
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(page)))

    def onCancel(self, *_):
        self.logic.cancel()
        self.ui.status.text = "Stopping"

    @staticmethod
    def target(selector, name):
        """The chosen segmentation node, or a new one."""
        return selector.currentNode() or slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)

    def onTimer(self):
        run = self.logic.run
        try:
            sentence = self.logic.poll()
        except Exception as problem:  # results that cannot be loaded must not leave the panel waiting for ever
            sentence = f"The results could not be loaded: {problem}"
        if sentence is None:
            self.showProgress(run)
            return
        self.timer.stop()
        self.ui.progress.setRange(0, 100)
        self.ui.progress.setValue(100 if run is not None and run.status == 0 else 0)
        self.ui.status.text = sentence
        for line in run.warnings() if run is not None else []:
            self.ui.log.appendPlainText(line)
        self.setRunning(False)

    def showProgress(self, run):
        if run is None or run.fraction is None:
            return
        self.ui.progress.setRange(0, 100)
        self.ui.progress.setValue(round(100 * run.fraction))
        if not run.cancelled:
            self.ui.status.text = run.parser.comment or run.parser.task


class SulcusTest(ScriptedLoadableModuleTest):
    """Runs inside Slicer: exports, fuses and loads two made-up annotators. Needs the programs."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_consensusOfTwoAnnotators()

    def test_consensusOfTwoAnnotators(self):
        import numpy

        nodes = []
        for shift in (0, 1):
            labels = numpy.zeros((12, 12, 12), dtype="uint16")
            labels[4:8, 4:8, 4 + shift:8] = 1
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", f"Annotator {shift}")
            slicer.util.updateVolumeFromArray(node, labels)
            nodes.append(node)
        target = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Consensus")
        lines = []
        logic = SulcusLogic()
        logic.consensus(nodes, None, target, rule="majority", on_annotators=lines.extend)
        logic.run.wait()
        self.assertEqual(logic.poll(), "Done.")
        self.assertEqual(len(lines), 2)
        self.assertEqual(target.GetSegmentation().GetNumberOfSegments(), 1)
        self.delayDisplay("Test passed")
