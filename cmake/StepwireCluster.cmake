# Builds the cluster library with cargo and defines stepwire::cluster (shared, on stepwire::stepwire) and
# stepwire::cluster_static (on stepwire::static; not on Windows).
string(REPLACE stepwire stepwire_cluster stepwire_cluster_cargo_shared "${stepwire_cargo_shared}")
string(REPLACE stepwire stepwire_cluster stepwire_cluster_cargo_import "${stepwire_cargo_import}")
string(REPLACE stepwire stepwire_cluster stepwire_cluster_cargo_static "${stepwire_cargo_static}")
string(REPLACE stepwire stepwire_cluster stepwire_cluster_shared_file "${stepwire_shared_file}")
string(REPLACE stepwire stepwire_cluster stepwire_cluster_shared_links "${stepwire_shared_links}")
string(REPLACE stepwire stepwire_cluster stepwire_cluster_soname "${stepwire_soname}")
set(stepwire_cluster_import_file ${stepwire_cluster_cargo_import})

set(stepwire_cluster_outputs ${stepwire_cluster_shared_file} ${stepwire_cluster_shared_links}
  ${stepwire_cluster_cargo_static} ${stepwire_cluster_import_file})
list(TRANSFORM stepwire_cluster_outputs PREPEND "${stepwire_output_dir}/")

set(stepwire_cluster_list_native_libs "")
if(STEPWIRE_LIST_NATIVE_LIBS)
  set(stepwire_cluster_list_native_libs cluster-native-static-libs.txt)
endif()

add_custom_target(stepwire-cluster-cargo ALL
  COMMAND ${CMAKE_COMMAND}
    -D "cargo=${STEPWIRE_CARGO}"
    -D "profile=${STEPWIRE_PROFILE}"
    -D "source_dir=${CMAKE_CURRENT_SOURCE_DIR}/cluster"
    -D "target_dir=${STEPWIRE_CARGO_TARGET_DIR}"
    -D "rust_target=${STEPWIRE_RUST_TARGET}"
    -D "artefacts=${stepwire_artefacts}"
    -D "cargo_arguments=${stepwire_cargo_features}"
    -D "output_dir=${stepwire_output_dir}"
    -D "cargo_shared=${stepwire_cluster_cargo_shared}"
    -D "cargo_import=${stepwire_cluster_cargo_import}"
    -D "cargo_static=${stepwire_cluster_cargo_static}"
    -D "shared_file=${stepwire_cluster_shared_file}"
    -D "shared_links=${stepwire_cluster_shared_links}"
    -D "native_static_libs=${stepwire_cluster_list_native_libs}"
    -P "${CMAKE_CURRENT_LIST_DIR}/cargo_build.cmake"
  BYPRODUCTS ${stepwire_cluster_outputs}
  USES_TERMINAL
  VERBATIM
  COMMENT "Building stepwire-cluster with cargo")
# Two cargos in one target directory would only wait for each other.
add_dependencies(stepwire-cluster-cargo stepwire-cargo)

add_library(stepwire::cluster SHARED IMPORTED GLOBAL)
set_target_properties(stepwire::cluster PROPERTIES
  IMPORTED_LOCATION "${stepwire_output_dir}/${stepwire_cluster_shared_file}"
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/cluster/include"
  INTERFACE_LINK_LIBRARIES stepwire::stepwire)
if(stepwire_cluster_soname)
  set_target_properties(stepwire::cluster PROPERTIES IMPORTED_SONAME ${stepwire_cluster_soname})
endif()
if(stepwire_cluster_import_file)
  set_target_properties(stepwire::cluster PROPERTIES
    IMPORTED_IMPLIB "${stepwire_output_dir}/${stepwire_cluster_import_file}")
endif()

add_dependencies(stepwire::cluster stepwire-cluster-cargo)

# On Windows the archive asks for stepwire.dll, which would be a second stepwire beside the one linked in.
if(NOT WIN32)
  add_library(stepwire::cluster_static STATIC IMPORTED GLOBAL)
  set_target_properties(stepwire::cluster_static PROPERTIES
    IMPORTED_LOCATION "${stepwire_output_dir}/${stepwire_cluster_cargo_static}"
    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/cluster/include"
    INTERFACE_LINK_LIBRARIES stepwire::static)
  add_dependencies(stepwire::cluster_static stepwire-cluster-cargo)
endif()
