# Builds the library with cargo and defines stepwire::stepwire and stepwire::static.
find_program(STEPWIRE_CARGO cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin"
             DOC "The cargo that builds the library")
if(NOT STEPWIRE_CARGO)
  message(FATAL_ERROR "stepwire needs Rust's cargo: install it from https://rustup.rs or set STEPWIRE_CARGO")
endif()
set(STEPWIRE_CARGO_TARGET_DIR "${CMAKE_CURRENT_BINARY_DIR}/cargo" CACHE PATH "Where cargo builds")
set(STEPWIRE_PROFILE release CACHE STRING
    "The cargo profile that builds the library, whatever the build type of the program: release, dev or one of your own")
set(STEPWIRE_RUST_TARGET "" CACHE STRING "Rust target triple for cross builds; empty: this machine")

# stepwire_cargo_artefacts(result profile): where cargo leaves what it builds.
function(stepwire_cargo_artefacts result profile)
  if(profile STREQUAL "dev")
    set(profile debug)
  endif()
  # cargo-zigbuild takes the oldest C library that is to do after the target: no part of the folder's name.
  string(REGEX REPLACE "\\.[0-9.]+$" "" target "${STEPWIRE_RUST_TARGET}")
  set(${result} "${STEPWIRE_CARGO_TARGET_DIR}/${target}/${profile}" PARENT_SCOPE)
endfunction()
stepwire_cargo_artefacts(stepwire_artefacts "${STEPWIRE_PROFILE}")

# Cargo makes the way to this list a part of all symbols' names: without it the library does not depend on where it
# was built.
option(STEPWIRE_LIST_NATIVE_LIBS "List what the static library needs, for the project's own tests" ON)
set(stepwire_list_native_libs "")
if(STEPWIRE_LIST_NATIVE_LIBS)
  set(stepwire_list_native_libs native-static-libs.txt)
endif()
mark_as_advanced(STEPWIRE_LIST_NATIVE_LIBS)

# What encrypts wss connections.
#   system     the system's TLS: OpenSSL, schannel, Secure Transport
#   rustls     rustls, linked in: the same on every system
#   none       no TLS: wss fails with network_error_tls
if(STEPWIRE_TLS STREQUAL "system")
  set(stepwire_cargo_features "")
elseif(STEPWIRE_TLS STREQUAL "rustls")
  set(stepwire_cargo_features --no-default-features --features=rustls)
elseif(STEPWIRE_TLS STREQUAL "none")
  set(stepwire_cargo_features --no-default-features)
else()
  message(FATAL_ERROR "STEPWIRE_TLS is one of system, rustls, none; it is \"${STEPWIRE_TLS}\"")
endif()

# The files under their final names, so that programs run from the build tree as they do when installed.
set(stepwire_output_dir "${CMAKE_CURRENT_BINARY_DIR}/lib")
set(stepwire_outputs ${stepwire_shared_file} ${stepwire_shared_links} ${stepwire_static_file} ${stepwire_import_file})
list(TRANSFORM stepwire_outputs PREPEND "${stepwire_output_dir}/")

# Runs always: cargo itself knows best whether there is something to do.
add_custom_target(stepwire-cargo ALL
  COMMAND ${CMAKE_COMMAND}
    -D "cargo=${STEPWIRE_CARGO}"
    -D "profile=${STEPWIRE_PROFILE}"
    -D "source_dir=${CMAKE_CURRENT_SOURCE_DIR}"
    -D "target_dir=${STEPWIRE_CARGO_TARGET_DIR}"
    -D "rust_target=${STEPWIRE_RUST_TARGET}"
    -D "artefacts=${stepwire_artefacts}"
    -D "cargo_arguments=${stepwire_cargo_features}"
    -D "output_dir=${stepwire_output_dir}"
    -D "cargo_shared=${stepwire_cargo_shared}"
    -D "cargo_import=${stepwire_cargo_import}"
    -D "cargo_static=${stepwire_cargo_static}"
    -D "shared_file=${stepwire_shared_file}"
    -D "shared_links=${stepwire_shared_links}"
    -D "native_static_libs=${stepwire_list_native_libs}"
    -P "${CMAKE_CURRENT_LIST_DIR}/cargo_build.cmake"
  BYPRODUCTS ${stepwire_outputs}
  USES_TERMINAL
  VERBATIM
  COMMENT "Building stepwire with cargo")

add_library(stepwire::stepwire SHARED IMPORTED GLOBAL)
set_target_properties(stepwire::stepwire PROPERTIES
  IMPORTED_LOCATION "${stepwire_output_dir}/${stepwire_shared_file}"
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/include")
if(stepwire_soname)
  set_target_properties(stepwire::stepwire PROPERTIES IMPORTED_SONAME ${stepwire_soname})
endif()
if(stepwire_import_file)
  set_target_properties(stepwire::stepwire PROPERTIES
    IMPORTED_IMPLIB "${stepwire_output_dir}/${stepwire_import_file}")
endif()

add_library(stepwire::static STATIC IMPORTED GLOBAL)
set_target_properties(stepwire::static PROPERTIES
  IMPORTED_LOCATION "${stepwire_output_dir}/${stepwire_static_file}"
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/include"
  INTERFACE_LINK_LIBRARIES "${stepwire_native_libs}")

add_dependencies(stepwire::stepwire stepwire-cargo)
add_dependencies(stepwire::static stepwire-cargo)
