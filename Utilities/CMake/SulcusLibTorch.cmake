# LibTorch as two imported libraries. find_package(Torch) is not used: the wheel's own file demands the CUDA
# toolkit and links the GPU library, while Sulcus links the CPU part alone and opens the GPU part at run time.
set(SULCUS_LIBTORCH_ROOT "" CACHE PATH "Folder with LibTorch's include/ and lib/ (default: CMAKE_PREFIX_PATH, then the cache folder of Utilities/FetchLibTorch.sh)")
set(cacheHome "$ENV{XDG_CACHE_HOME}")
if(NOT cacheHome)
  set(cacheHome "$ENV{HOME}/.cache")
endif()
set(fetchedRoot "$ENV{SULCUS_LIBTORCH}")
if(NOT fetchedRoot)
  set(fetchedRoot "${cacheHome}/sulcus/libtorch-2.11.0/torch")
endif()
find_path(SULCUS_LIBTORCH_INCLUDE torch/csrc/api/include/torch/torch.h
  HINTS "${SULCUS_LIBTORCH_ROOT}/include" PATHS "${fetchedRoot}/include" PATH_SUFFIXES include NO_CMAKE_SYSTEM_PATH)
get_filename_component(torchRoot "${SULCUS_LIBTORCH_INCLUDE}" DIRECTORY)
find_library(SULCUS_LIBTORCH_CPU torch_cpu HINTS "${torchRoot}/lib" NO_CMAKE_SYSTEM_PATH)
find_library(SULCUS_LIBTORCH_C10 c10 HINTS "${torchRoot}/lib" NO_CMAKE_SYSTEM_PATH)
if(NOT SULCUS_LIBTORCH_INCLUDE OR NOT SULCUS_LIBTORCH_CPU OR NOT SULCUS_LIBTORCH_C10)
  message(FATAL_ERROR "LibTorch was not found. Run Utilities/FetchLibTorch.sh, or name your own with -DCMAKE_PREFIX_PATH=/path/to/libtorch, or leave learning out with -DSULCUS_WITH_LEARNING=OFF.")
endif()
get_filename_component(torchLib "${SULCUS_LIBTORCH_CPU}" DIRECTORY)
add_library(sulcus_c10 SHARED IMPORTED GLOBAL)
set_target_properties(sulcus_c10 PROPERTIES IMPORTED_LOCATION "${SULCUS_LIBTORCH_C10}"
  INTERFACE_INCLUDE_DIRECTORIES "${SULCUS_LIBTORCH_INCLUDE};${SULCUS_LIBTORCH_INCLUDE}/torch/csrc/api/include")
add_library(sulcus_torch SHARED IMPORTED GLOBAL)
set_target_properties(sulcus_torch PROPERTIES IMPORTED_LOCATION "${SULCUS_LIBTORCH_CPU}"
  INTERFACE_LINK_LIBRARIES sulcus_c10)
set(cudaRuntimeLib "${torchRoot}/../nvidia/cu13/lib") # libtorch_cpu.so of the CUDA build needs libcudart
if(EXISTS "${cudaRuntimeLib}")
  target_link_options(sulcus_torch INTERFACE "LINKER:-rpath-link,${cudaRuntimeLib}")
endif()
target_link_options(sulcus_torch INTERFACE "LINKER:-rpath,${torchLib}")
message(STATUS "LibTorch: ${torchRoot}")
