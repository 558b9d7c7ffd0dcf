# Sulcus's image filters as an ITK remote module: clone or link this repository as ITK/Modules/Remote/Sulcus and
# configure ITK with -DModule_Sulcus=ON. Which folders belong to it is said in Utilities/CMake/SulcusItkModule.cmake.
itk_module(Sulcus
  DEPENDS
    ITKCommon
    ITKBiasCorrection
  TEST_DEPENDS
    ITKTestKernel
    ITKGoogleTest
  EXCLUDE_FROM_DEFAULT
  DESCRIPTION "MRI preprocessing whose spatial steps can be undone: orientation, crop, resampling of images and labels, bias field, normalisation, component rules, consensus of annotators, scores."
)
