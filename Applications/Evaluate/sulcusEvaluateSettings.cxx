#include "sulcusEvaluateRun.h"

namespace sulcus
{

void
Describe(Parameters & visit, EvaluateSettings & settings)
{
  visit("reference",
        settings.reference,
        "Reference label map (DICOM SEG included), folder of label maps named by case, or table "
        "(.tsv) with the columns case and label.")
      .Kind(ParameterKind::InputFolder)
      .Required()
      .Positional();
  visit("prediction",
        settings.prediction,
        "Label map to be scored, or folder of them, named by case.")
      .Kind(ParameterKind::InputFolder)
      .Required()
      .Positional();
  visit("output", settings.output, "Folder for the tables; must not exist or be empty.")
      .Kind(ParameterKind::OutputFolder)
      .Required()
      .Positional()
      .Short('o');
  visit("image",
        settings.image,
        "Image whose grid DICOM segmentations are put on: a file, a DICOM folder, or a folder of "
        "them named by case. Needed only where both sides are DICOM.")
      .Kind(ParameterKind::InputImage);
  visit("html", settings.html, "Also writes report.html, one file that opens offline.");
  visit.Group("Structures");
  visit("labels",
        settings.labels,
        "Plan or dataset.json that names the labels; a label that is not declared there is "
        "refused. Without it every label found is scored.")
      .Kind(ParameterKind::InputFile);
  visit("regions",
        settings.regions,
        "Labels scored together, e.g. whole=1+2 or core=necrosis+enhancing.");
  visit("ignore_label",
        settings.ignoreLabel,
        "Voxels with this label in the reference are not scored; -1: none.")
      .Range(-1, 65535);
  visit("unknown_label",
        settings.unknownLabel,
        "Voxels with this label in the prediction are not scored: what an annotator did not draw; "
        "-1: none.")
      .Range(-1, 65535);
  visit.Group("Cases");
  visit("cases", settings.cases, "Score these cases only.");
  visit("splits", settings.splits, "Split file; scores the cases of one of its lists only.")
      .Kind(ParameterKind::InputFile);
  visit("split", settings.split, "Which list of the split file.");
  visit("subjects",
        settings.subjects,
        "Table (TSV) with the columns case and subject: cases of one subject are drawn "
        "together in all intervals.")
      .Kind(ParameterKind::InputFile);
  visit("reference_suffix",
        settings.referenceSuffix,
        "End of the reference files' names that is not part of the case id.");
  visit("prediction_suffix", settings.predictionSuffix, "The same for predictions.");
  visit("unpaired",
        settings.unpaired,
        "Files without counterpart: refuse, or count (a missing prediction scores as "
        "missed, one without reference is left out, with a warning).")
      .Choices({"refuse", "count"});
  visit.Group("Scores");
  Describe(visit, settings.scores);
  visit("resamples", settings.bootstrap.resamples, "Bootstrap resamples.").Range(1, 1e6).Advanced();
  visit("confidence", settings.bootstrap.level, "Level of the intervals.")
      .Range(0.5, 0.9999)
      .Advanced();
  visit.Group("Comparison");
  visit("baseline",
        settings.baseline,
        "Paired comparison with this: a folder of other predictions, or scores.tsv of an "
        "earlier run.")
      .Kind(ParameterKind::InputFile);
  visit("metrics",
        settings.metrics,
        "Columns to compare; default dice, hd95_mm, msd_mm and every surface Dice.");
  visit.Group("Calibration");
  visit("probabilities",
        settings.probabilities,
        "Probabilities, one component a label in ascending order with the "
        "background first: a file, or a folder of them named by case.")
      .Kind(ParameterKind::InputFolder);
  visit("probability_suffix",
        settings.probabilitySuffix,
        "End of the probability files' names that is not part of the "
        "case id.");
  visit("confidence_maps",
        settings.confidenceMaps,
        "Probability of the chosen label as sulcus-segment --confidence writes it: a file, or a "
        "folder of them named by case.")
      .Kind(ParameterKind::InputFolder);
  visit("confidence_suffix",
        settings.confidenceSuffix,
        "End of the confidence maps' names that is not part of the case id.");
  visit("calibration_margin",
        settings.calibrationMarginInMm,
        "Only voxels this near to the structure count, in mm.")
      .Range(0.0);
}

} // namespace sulcus
