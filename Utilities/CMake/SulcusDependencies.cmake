# Every package Sulcus uses is found here and nowhere else. Nothing is downloaded while configuring.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_path(SULCUS_TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED DOC "Folder of toml++ (header-only; Debian: libtomlplusplus-dev)")
mark_as_advanced(SULCUS_TOMLPLUSPLUS_INCLUDE_DIR)

if(SULCUS_WITH_IMAGING)
  # Components are listed because a bare find_package(ITK) asks for FFTW, which is GPL.
  set(SULCUS_ITK_COMPONENTS
    ITKCommon ITKImageGrid ITKImageFunction ITKImageIntensity ITKBiasCorrection ITKDistanceMap
    ITKConnectedComponents ITKSmoothing ITKThresholding ITKLabelVoting ITKImageCompare ITKStatistics
    ITKImageFeature ITKDisplacementField ITKTransform ITKGDCM ITKIOGDCM)
  find_package(ITK 5.2 REQUIRED COMPONENTS ${SULCUS_ITK_COMPONENTS})
  add_library(sulcus_itk INTERFACE IMPORTED GLOBAL)
  set_target_properties(sulcus_itk PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${ITK_INCLUDE_DIRS}")
endif()
if(SULCUS_WITH_VIEWING)
  set(SULCUS_VTK_COMPONENTS
    CommonCore CommonDataModel CommonMath CommonTransforms CommonExecutionModel FiltersCore FiltersGeneral
    InteractionStyle RenderingCore RenderingOpenGL2 RenderingUI RenderingVolume RenderingVolumeOpenGL2)
  find_package(VTK 9.1 REQUIRED COMPONENTS ${SULCUS_VTK_COMPONENTS} OPTIONAL_COMPONENTS IOGeometry IOPLY IOXML) # IO: tests
  find_package(X11 REQUIRED)
endif()
if(SULCUS_WITH_LEARNING)
  include(SulcusLibTorch)
endif()
if(SULCUS_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
