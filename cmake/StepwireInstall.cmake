# `cmake --install`: libraries, headers, the CMake package and the pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(stepwire_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/stepwire")

# stepwire_install_library(shared static import links...): under the names they have in the build tree.
function(stepwire_install_library shared static import)
  if(WIN32)
    install(FILES "${stepwire_output_dir}/${shared}" DESTINATION "${CMAKE_INSTALL_BINDIR}")
    install(FILES "${stepwire_output_dir}/${import}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  else()
    install(PROGRAMS "${stepwire_output_dir}/${shared}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    foreach(link IN LISTS ARGN)
      install(FILES "${stepwire_output_dir}/${link}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    endforeach()
  endif()
  install(FILES "${stepwire_output_dir}/${static}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endfunction()

install(FILES include/stepwire.h include/stepwire.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY include/stepwire DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
stepwire_install_library(${stepwire_shared_file} ${stepwire_static_file} "${stepwire_import_file}" ${stepwire_shared_links})
if(STEPWIRE_CLUSTER)
  install(FILES cluster/include/stepwire_cluster.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  stepwire_install_library(${stepwire_cluster_shared_file} ${stepwire_cluster_cargo_static}
    "${stepwire_cluster_import_file}" ${stepwire_cluster_shared_links})
endif()
install(FILES LICENSE-APACHE LICENSE-MIT THIRD-PARTY-LICENSES DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/stepwire")
install(FILES include/api.json DESTINATION "${CMAKE_INSTALL_DATADIR}/stepwire")
install(FILES bindings/lua/stepwire.lua DESTINATION "${CMAKE_INSTALL_DATADIR}/lua/5.1")
install(FILES tools/wireshark/stepwire.lua DESTINATION "${CMAKE_INSTALL_DATADIR}/stepwire/wireshark")

configure_package_config_file(cmake/stepwireConfig.cmake.in
  "${CMAKE_CURRENT_BINARY_DIR}/stepwireConfig.cmake"
  INSTALL_DESTINATION "${stepwire_package_dir}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_BINDIR)
# Before 1.0 a new minor version may break.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/stepwireConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/stepwireConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/stepwireConfigVersion.cmake"
  DESTINATION "${stepwire_package_dir}")

# Relative to the .pc file, so that the installed tree can be moved.
file(RELATIVE_PATH stepwire_pc_to_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
list(TRANSFORM stepwire_native_libs PREPEND "-l" REGEX "^[^-]" OUTPUT_VARIABLE stepwire_pc_libs)
string(REPLACE ";" " " stepwire_pc_libs "${stepwire_pc_libs}")
# With --static, what stands around "-lstepwire" makes the linker take the archive: only a required package's
# flags can stand between a package's own private ones and those of its requirements.
if(APPLE)
  # No linker flag prefers archives there; the dynamic library, of which nothing is needed then, is left out.
  set(stepwire_pc_before_archive "\${libdir}/${stepwire_static_file}")
  set(stepwire_pc_after_archive "-Wl,-dead_strip_dylibs")
else()
  set(stepwire_pc_before_archive "-Wl,--push-state,-Bstatic")
  set(stepwire_pc_after_archive "-Wl,--pop-state")
endif()
foreach(file IN ITEMS stepwire.pc stepwire-link.pc)
  configure_file(cmake/${file}.in "${CMAKE_CURRENT_BINARY_DIR}/${file}" @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
