# -DCONSUMER=project folder -DPROGRAM=its program; the build folder is installed into WORK/prefix first.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "'${ARGN}' failed:\n${output}")
  endif()
endfunction()
if(NOT PROGRAM)
  set(PROGRAM consumer)
endif()
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD_FOLDER} --prefix ${WORK}/prefix --component Libraries)
run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_CXX_COMPILER=${CXX} -DWITH_IMAGING=${WITH_IMAGING} -DWITH_LEARNING=${WITH_LEARNING} -DSULCUS_LIBTORCH_ROOT=${TORCH_ROOT}
  -DSANITIZE=${SANITIZE})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/${PROGRAM})
