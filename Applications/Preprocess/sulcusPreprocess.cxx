#include "sulcusPreprocessVolume.h"
#include <sulcusMain.h>

namespace
{

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "preprocess";
  program.summary = "Orient, crop, resample, pad, bias-correct or normalise one volume";
  program.details = "Every step is off unless asked for. They happen in a fixed order: "
                    "orientation, crop, bias field, clipping and "
                    "normalisation inside the foreground, resampling, padding. --write_undo keeps "
                    "a record of the spatial steps, with which "
                    "--undo brings any volume of the new grid back to the old one; labels return "
                    "voxel for voxel unless the new grid was "
                    "coarser or had cropped them away.";
  program.example = "sulcus-preprocess t1.nii.gz prepared.nii.gz --orientation LPS --spacing 1 "
                    "--crop --crop_margin 10 "
                    "--normalise z_score --write_undo prepared.undo.json";
  return program;
}

} // namespace

int
main(int argc, char ** argv)
{
  sulcus::PreprocessVolumeOptions options;
  return sulcus::RunApplicationWith(argc, argv, Program(), options, sulcus::PreprocessVolume);
}
