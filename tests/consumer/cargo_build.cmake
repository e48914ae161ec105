# Uses what cargo left in its folder, without CMake and without installing, as README.md says: once from where it
# is, and once copied beside the program.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
file(REMOVE_RECURSE "${output_dir}" "${output_dir}-moved")
file(MAKE_DIRECTORY "${output_dir}")

set(compile "${compiler}" "${CMAKE_CURRENT_LIST_DIR}/main.c" "-I${include_dir}" "-L${artefacts}" -lstepwire)
run(${compile} "-Wl,-rpath,${artefacts}" -o "${output_dir}/in_place")
run("${output_dir}/in_place")

run(${compile} "-Wl,-rpath,${beside}" -o "${output_dir}/beside")
get_filename_component(library "${artefacts}/${loaded_name}" REALPATH)
file(COPY "${library}" DESTINATION "${output_dir}")
get_filename_component(name "${library}" NAME)
file(RENAME "${output_dir}/${name}" "${output_dir}/${loaded_name}")
# A game may be moved with its library.
file(RENAME "${output_dir}" "${output_dir}-moved")
run("${output_dir}-moved/beside")
