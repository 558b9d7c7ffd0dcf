# What is built. Imaging and learning are separate towers: each can be left out.
option(SULCUS_WITH_IMAGING "Modules and programs that need ITK" ON)
option(SULCUS_WITH_LEARNING "Modules and programs that need LibTorch" ON)
option(SULCUS_WITH_VIEWING "Modules and programs that need VTK as well as ITK" ON)
option(SULCUS_BUILD_TESTS "Unit, program and architecture tests" ON)
option(SULCUS_JOIN_SOURCES "Compile files of a LibTorch module several at a time: a whole build is twice as fast" ON)
option(SULCUS_CUDA "CUDA twins of the hot tensor kernels, in a library loaded at run time" OFF)
option(SULCUS_PEER_BENCHMARKS "Benchmark programs that link other people's solvers; never installed" OFF)
option(SULCUS_FUZZERS "libFuzzer targets for the parsers (needs clang)" OFF)
if(NOT SULCUS_WITH_IMAGING)
  set(SULCUS_WITH_VIEWING OFF) # stands on the imaging modules
endif()
set(SULCUS_SANITIZE "" CACHE STRING "Sanitizers for everything built, e.g. address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()

# Results are the same bits on every x86-64: no -march=native, no fused multiply-add contraction.
add_library(sulcus_flags INTERFACE)
target_compile_options(sulcus_flags INTERFACE -Wall -Wextra -Wno-unknown-pragmas -Wno-restrict -Wno-maybe-uninitialized -ffp-contract=off)
if(SULCUS_SANITIZE)
  target_compile_options(sulcus_flags INTERFACE -fsanitize=${SULCUS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(sulcus_flags INTERFACE -fsanitize=${SULCUS_SANITIZE})
  if(SULCUS_SANITIZE MATCHES "undefined")
    target_compile_options(sulcus_flags INTERFACE -fno-sanitize=vptr) # ITK is not instrumented
  endif()
endif()
target_link_options(sulcus_flags INTERFACE -Wl,--as-needed)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # CCACHE_BASEDIR makes a second checkout reuse the first one's objects.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
