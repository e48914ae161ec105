# Run with `cmake -P` at build time: builds the library and places its files under their final names.
set(arguments rustc --lib --locked --profile ${profile} --manifest-path "${source_dir}/Cargo.toml"
              --target-dir "${target_dir}" ${cargo_arguments})
if(rust_target)
  list(APPEND arguments --target ${rust_target})
endif()

# Make's job server is not for commands like this one; cargo would warn that it cannot reach it.
unset(ENV{MAKEFLAGS})
unset(ENV{MFLAGS})

# The list beside the libraries is for the test that compares it with StepwireNames.cmake.
if(native_static_libs)
  list(APPEND arguments -- --print "native-static-libs=${artefacts}/${native_static_libs}")
endif()
execute_process(COMMAND "${cargo}" ${arguments} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "cargo could not build stepwire")
endif()

# A copy only when it changed: what links the library is then not linked again.
function(place from to)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${artefacts}/${from}" "${output_dir}/${to}"
                  RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "cargo did not write ${artefacts}/${from}")
  endif()
endfunction()

file(MAKE_DIRECTORY "${output_dir}")
place(${cargo_shared} ${shared_file})
place(${cargo_static} ${cargo_static})
if(native_static_libs)
  place(${native_static_libs} ${native_static_libs})
endif()
if(cargo_import)
  place(${cargo_import} ${cargo_import})
endif()
foreach(link IN LISTS shared_links)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E create_symlink ${shared_file} "${output_dir}/${link}")
endforeach()
