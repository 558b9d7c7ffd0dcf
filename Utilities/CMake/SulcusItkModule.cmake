# Builds the ITK-only part of Sulcus inside ITK's own build tree, as the remote module that /itk-module.cmake declares.
# Sources and headers are those of the ordinary build; only the targets differ.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
find_package(fmt REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(Threads REQUIRED)

set(sulcusFolders Foundation/Core Foundation/Plan Foundation/Reporting Foundation/Graph Foundation/Forest Imaging/Images
  Imaging/Preprocessing Imaging/Postprocessing Imaging/Evaluation Imaging/ImageGraph Imaging/Consensus)
set(sulcusSources "")
set(Sulcus_INCLUDE_DIRS "")
foreach(folder IN LISTS sulcusFolders)
  file(GLOB found CONFIGURE_DEPENDS ${Sulcus_SOURCE_DIR}/Modules/${folder}/src/*.cxx)
  list(APPEND sulcusSources ${found})
  list(APPEND Sulcus_INCLUDE_DIRS ${Sulcus_SOURCE_DIR}/Modules/${folder}/include)
  file(GLOB headers ${Sulcus_SOURCE_DIR}/Modules/${folder}/include/*)
  install(FILES ${headers} DESTINATION ${ITK_INSTALL_INCLUDE_DIR} COMPONENT Development)
endforeach()
set(Sulcus_LIBRARIES Sulcus)
itk_module_impl()
add_library(Sulcus STATIC ${sulcusSources})
target_compile_features(Sulcus PUBLIC cxx_std_20) # for those who use the module too
target_include_directories(Sulcus PUBLIC "$<BUILD_INTERFACE:${Sulcus_INCLUDE_DIRS}>")
target_link_libraries(Sulcus PUBLIC fmt::fmt nlohmann_json::nlohmann_json Threads::Threads)
set_source_files_properties(${Sulcus_SOURCE_DIR}/Modules/Foundation/Core/src/sulcusRunRecord.cxx
  PROPERTIES COMPILE_DEFINITIONS SULCUS_VERSION="${Sulcus_VERSION}")
itk_module_link_dependencies()
itk_module_target(Sulcus)
