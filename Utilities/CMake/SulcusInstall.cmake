# Installs libraries, headers and the package that find_package(Sulcus COMPONENTS …) reads: one component a group.
include(CMakePackageConfigHelpers)
set(packageFolder ${CMAKE_INSTALL_LIBDIR}/cmake/Sulcus)

get_property(modules GLOBAL PROPERTY SULCUS_MODULES)
foreach(module IN LISTS modules)
  get_property(group GLOBAL PROPERTY SULCUS_${module}_GROUP)
  get_property(headers GLOBAL PROPERTY SULCUS_${module}_HEADERS)
  install(TARGETS sulcus_${module} EXPORT Sulcus${group}Targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Libraries)
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sulcus COMPONENT Libraries)
  list(APPEND groups ${group})
endforeach()
list(REMOVE_DUPLICATES groups)
foreach(group IN LISTS groups)
  install(EXPORT Sulcus${group}Targets NAMESPACE Sulcus:: DESTINATION ${packageFolder} COMPONENT Libraries)
endforeach()

list(JOIN SULCUS_ITK_COMPONENTS " " itkComponents)
list(JOIN SULCUS_VTK_COMPONENTS " " vtkComponents)
configure_package_config_file(${PROJECT_SOURCE_DIR}/Utilities/CMake/SulcusConfig.cmake.in ${PROJECT_BINARY_DIR}/SulcusConfig.cmake
  INSTALL_DESTINATION ${packageFolder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/SulcusConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/SulcusConfig.cmake ${PROJECT_BINARY_DIR}/SulcusConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/Utilities/CMake/SulcusLibTorch.cmake DESTINATION ${packageFolder} COMPONENT Libraries)

install(FILES ${PROJECT_BINARY_DIR}/Reference/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/Reference COMPONENT Programs)
# The panel of 3D Slicer finds the programs of the installation it lies in.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/Applications/SlicerExtension DESTINATION ${CMAKE_INSTALL_DATADIR}/Sulcus COMPONENT Slicer
  PATTERN __pycache__ EXCLUDE PATTERN test EXCLUDE)
