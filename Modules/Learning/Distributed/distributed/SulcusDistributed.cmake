# The network code, in a library of its own that is opened at run time: no program is linked to it, and a run of a single
# process never opens a socket.
set(distributedLibrary ${PROJECT_BINARY_DIR}/lib/libsulcus_distributed.so)
add_library(sulcus_distributed_library SHARED distributed/sulcusGlooProcessGroup.cxx)
set_target_properties(sulcus_distributed_library PROPERTIES OUTPUT_NAME sulcus_distributed
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
target_compile_features(sulcus_distributed_library PRIVATE cxx_std_20)
target_compile_definitions(sulcus_distributed_library PRIVATE USE_C10D_GLOO USE_DISTRIBUTED)
target_include_directories(sulcus_distributed_library PRIVATE include distributed
  ${PROJECT_SOURCE_DIR}/Modules/Foundation/Core/include)
target_include_directories(sulcus_distributed_library SYSTEM PRIVATE src) # stands in for Gloo's own headers
target_link_libraries(sulcus_distributed_library PRIVATE sulcus_flags sulcus_torch)
target_compile_definitions(sulcus_Distributed PRIVATE SULCUS_DISTRIBUTED_BUILT="${distributedLibrary}")
add_dependencies(sulcus_Distributed sulcus_distributed_library)
install(TARGETS sulcus_distributed_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Programs)
