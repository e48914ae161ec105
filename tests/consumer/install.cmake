# Builds and installs as README.md says, on a machine without a C++ compiler, and looks whether everything is there.
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
set(ENV{CXX} "${build_dir}/there-is-no-such-compiler")
file(REMOVE_RECURSE "${build_dir}" "${prefix}" "${prefix}-moved")
run("${CMAKE_COMMAND}" -S "${source_dir}" -B "${build_dir}" -G "${generator}" ${options})
run("${CMAKE_COMMAND}" --build "${build_dir}")
run("${CMAKE_COMMAND}" --install "${build_dir}" --prefix "${prefix}-moved")
# An installed tree may be moved: what uses it finds it at its new place.
file(RENAME "${prefix}-moved" "${prefix}")

# What only the project itself needs was not built.
foreach(folder IN ITEMS tests c_examples benches)
  if(EXISTS "${build_dir}/${folder}")
    message(FATAL_ERROR "${folder} was built though nobody asked for it")
  endif()
endforeach()

foreach(file IN ITEMS
    include/stepwire.h
    include/stepwire.hpp
    include/stepwire/abi.hpp
    include/stepwire/sockets.hpp
    include/stepwire_cluster.h
    ${libdir}/libstepwire_cluster.a
    ${libdir}/libstepwire.a
    ${libdir}/cmake/stepwire/stepwireConfig.cmake
    ${libdir}/cmake/stepwire/stepwireConfigVersion.cmake
    ${libdir}/pkgconfig/stepwire.pc
    ${libdir}/pkgconfig/stepwire-link.pc
    share/licenses/stepwire/LICENSE-MIT
    share/licenses/stepwire/LICENSE-APACHE
    share/licenses/stepwire/THIRD-PARTY-LICENSES
    share/lua/5.1/stepwire.lua
    share/stepwire/api.json
    share/stepwire/wireshark/stepwire.lua)
  if(NOT EXISTS "${prefix}/${file}")
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

run("${prefix}/bin/gmcat" --version)

if(CMAKE_HOST_SYSTEM_NAME STREQUAL "Linux")
  # By major and minor version while the major one is 0, then by the major one alone.
  string(REGEX MATCH "^(0\\.)?[0-9]+" abi_version "${version}")
  set(soname libstepwire.so.${abi_version})
  foreach(link IN ITEMS libstepwire.so ${soname})
    file(READ_SYMLINK "${prefix}/${libdir}/${link}" target)
    if(NOT target STREQUAL "libstepwire.so.${version}")
      message(FATAL_ERROR "${link} points to ${target}")
    endif()
  endforeach()
  if(IS_SYMLINK "${prefix}/${libdir}/libstepwire.so.${version}")
    message(FATAL_ERROR "libstepwire.so.${version} is a link itself")
  endif()
  execute_process(COMMAND readelf --dynamic --wide "${prefix}/${libdir}/libstepwire.so" OUTPUT_VARIABLE dynamic)
  string(FIND "${dynamic}" "soname: [${soname}]" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "the library does not call itself ${soname}")
  endif()
endif()
