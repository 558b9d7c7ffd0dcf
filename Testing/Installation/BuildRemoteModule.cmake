# Builds Sulcus as an ITK remote module in TREE, which plays ITK's source tree, and runs the examples against it.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "'${ARGN}' failed:\n${output}")
  endif()
endfunction()
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} -S ${TREE} -B ${WORK} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_BUILD_TYPE=Debug
  -DSULCUS_FOLDER=${SOURCE} -DEXAMPLES=${EXAMPLES})
run(${CMAKE_COMMAND} --build ${WORK})
run(${WORK}/itk-pipeline)
run(${WORK}/annotator-fusion)
