# `cmake --install`: libraries, header, the CMake package and the pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(stepwire_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/stepwire")

install(FILES include/stepwire.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
if(WIN32)
  install(FILES "${stepwire_output_dir}/${stepwire_shared_file}" DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES "${stepwire_output_dir}/${stepwire_import_file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
else()
  install(PROGRAMS "${stepwire_output_dir}/${stepwire_shared_file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  foreach(link IN LISTS stepwire_shared_links)
    install(FILES "${stepwire_output_dir}/${link}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  endforeach()
endif()
install(FILES "${stepwire_output_dir}/${stepwire_static_file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
file(GLOB stepwire_licences LICENSE*)
install(FILES ${stepwire_licences} DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/stepwire")

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
configure_file(cmake/stepwire.pc.in "${CMAKE_CURRENT_BINARY_DIR}/stepwire.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/stepwire.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
