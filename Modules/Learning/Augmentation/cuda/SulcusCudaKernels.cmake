# The CUDA twins in a library of their own, opened at run time, so that no other target knows the toolkit.
# Whether or not they are built, a test compiles them wherever nvcc is found.
find_program(SULCUS_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin /usr/local/cuda/bin)
set(kernelSource ${CMAKE_CURRENT_SOURCE_DIR}/cuda/sulcusCudaKernels.cu)
set(kernelHeader ${CMAKE_CURRENT_SOURCE_DIR}/cuda/sulcusCudaKernels.h)
# Turing to Blackwell as machine code's portable form: the driver translates it once for the GPU it meets.
# No contraction: the same operations as the CPU loops.
set(kernelFlags -O3 -std=c++17 --fmad=false -shared -Xcompiler -fPIC -cudart static
  -gencode arch=compute_75,code=sm_75 -gencode arch=compute_80,code=sm_80
  -gencode arch=compute_90,code=sm_90 -gencode arch=compute_90,code=compute_90)
if(SULCUS_CUDA)
  if(NOT SULCUS_NVCC)
    message(FATAL_ERROR "SULCUS_CUDA is on and nvcc was not found; set CUDA_HOME or -DSULCUS_NVCC=/path/to/nvcc.")
  endif()
  set(kernelLibrary ${PROJECT_BINARY_DIR}/lib/libsulcus_cuda_kernels.so)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  add_custom_command(OUTPUT ${kernelLibrary}
    COMMAND ${SULCUS_NVCC} ${kernelFlags} -o ${kernelLibrary} ${kernelSource}
    DEPENDS ${kernelSource} ${kernelHeader} VERBATIM)
  add_custom_target(sulcus_cuda_kernels ALL DEPENDS ${kernelLibrary})
  set_property(SOURCE src/sulcusCudaLibrary.cxx APPEND PROPERTY COMPILE_DEFINITIONS
    SULCUS_CUDA_KERNELS_BUILT="${kernelLibrary}")
  install(FILES ${kernelLibrary} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Programs)
endif()
if(SULCUS_BUILD_TESTS AND SULCUS_NVCC)
  add_test(NAME Augmentation.cuda
    COMMAND ${SULCUS_NVCC} ${kernelFlags} -o ${CMAKE_CURRENT_BINARY_DIR}/libcompiledByTheTest.so ${kernelSource})
  set_tests_properties(Augmentation.cuda PROPERTIES TIMEOUT 300)
endif()
