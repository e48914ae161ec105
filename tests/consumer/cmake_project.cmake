# Configures and builds a consumer's project, and runs its two programs.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
file(REMOVE_RECURSE "${build_dir}")
run("${CMAKE_COMMAND}" -S "${source_dir}" -B "${build_dir}" -G "${generator}" "-DCMAKE_BUILD_TYPE=${config}" ${options})
run("${CMAKE_COMMAND}" --build "${build_dir}" --config "${config}")
foreach(program IN ITEMS shared static)
  find_program(${program}_path ${program} PATHS "${build_dir}" "${build_dir}/${config}" NO_DEFAULT_PATH)
  run("${${program}_path}")
endforeach()
