//! What the shared library exports is what its header declares, and it works on the program's own stepwire.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};

use stepwire as _;
use stepwire_cluster::abi::ClusterEvent;
use xtask::layout;
use xtask::surface::{
    declared, described, described_layout, described_names, dynamic_section, exported, library,
};

/// The folder of the whole project.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_header_and_the_exports_agree() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/stepwire_cluster.h");
    let declared = declared(&header, "cluster_");
    assert!(declared.contains("cluster_open") && declared.len() >= 26, "{declared:?}");
    assert_eq!(exported(&library("libstepwire_cluster.so")), declared);
    assert_eq!(described_names(&described(&project(), "cluster")["functions"]), declared);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_event_lies_in_memory_as_its_description_says() {
    let structs = &described(&project(), "cluster")["structs"];
    assert_eq!(structs.as_array().map(Vec::len), Some(1));
    let expected = layout!(ClusterEvent {
        r#type,
        request,
        room,
        players,
        places,
        socket,
        gap,
        error,
        size,
        buffer,
        topic,
        player,
        from,
        name,
        kind,
        address,
        server,
        ticket,
        data,
        reason,
        reserved,
    });
    assert_eq!(described_layout(&structs[0]), expected);
}

/// A second copy of stepwire in the process would not know the program's sockets.
#[test]
fn the_library_needs_stepwire_by_the_name_that_programs_load() {
    let dynamic = dynamic_section(&library("libstepwire_cluster.so"));
    let name = xtask::version::loaded_name("stepwire");
    assert!(dynamic.contains(&format!("Shared library: [{name}]")), "{dynamic}");
    let own_name = xtask::version::loaded_name("stepwire_cluster");
    assert!(dynamic.contains(&format!("Library soname: [{own_name}]")), "{dynamic}");
    assert!(dynamic.contains("Library runpath: [$ORIGIN]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
