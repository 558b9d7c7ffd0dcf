# sulcus_register_methods(SemiSupervision)
#
# Writes Register<Module>Methods, which calls Register<Folder> of every folder that defines one: adding a method is adding
# a folder. No static initialisation is involved.
function(sulcus_register_methods module)
  file(GLOB folders CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/*)
  set(declarations "")
  set(calls "")
  foreach(folder IN LISTS folders)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cxx)
    foreach(source IN LISTS sources)
      file(STRINGS ${source} definition REGEX "^Register${folder}\\(MethodRegistry & " LIMIT_COUNT 1)
      if(definition)
        string(APPEND declarations "void\nRegister${folder}(MethodRegistry & registry);\n")
        string(APPEND calls "  Register${folder}(registry);\n")
      endif()
    endforeach()
  endforeach()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/sulcusRegister${module}Methods.cxx)
  file(CONFIGURE OUTPUT ${generated} CONTENT
"#include <sulcusTrainingMethod.h>

namespace sulcus
{
${declarations}
void
Register${module}Methods(MethodRegistry & registry)
{
${calls}}

} // namespace sulcus
" @ONLY)
  target_sources(sulcus_${module} PRIVATE ${generated})
endfunction()
