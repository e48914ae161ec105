# Installs into a fresh prefix and looks whether everything is there.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
file(REMOVE_RECURSE "${prefix}" "${prefix}-moved")
run("${CMAKE_COMMAND}" --install "${build_dir}" --prefix "${prefix}-moved" --config "${config}")
# An installed tree may be moved: what uses it finds it at its new place.
file(RENAME "${prefix}-moved" "${prefix}")

foreach(file IN ITEMS
    include/stepwire.h
    ${libdir}/libstepwire.a
    ${libdir}/cmake/stepwire/stepwireConfig.cmake
    ${libdir}/cmake/stepwire/stepwireConfigVersion.cmake
    ${libdir}/pkgconfig/stepwire.pc)
  if(NOT EXISTS "${prefix}/${file}")
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

run("${prefix}/bin/gmcat" --version)

if(CMAKE_HOST_SYSTEM_NAME STREQUAL "Linux")
  string(REGEX REPLACE "\\..*" "" major "${version}")
  foreach(link IN ITEMS libstepwire.so libstepwire.so.${major})
    file(READ_SYMLINK "${prefix}/${libdir}/${link}" target)
    if(NOT target STREQUAL "libstepwire.so.${version}")
      message(FATAL_ERROR "${link} points to ${target}")
    endif()
  endforeach()
  if(IS_SYMLINK "${prefix}/${libdir}/libstepwire.so.${version}")
    message(FATAL_ERROR "libstepwire.so.${version} is a link itself")
  endif()
endif()
