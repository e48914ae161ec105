//! The C header as it should be.

use std::path::Path;

use crate::version;

/// Makes the text of `include/stepwire.h` from the sources of the crate at `root`.
pub fn generate(root: &Path) -> Result<String, String> {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    config.after_includes = config.after_includes.map(with_version);
    let mut text = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/abi/constants.rs"))
        .with_src(root.join("src/event/mod.rs"))
        .with_src(root.join("src/abi/sockets.rs"))
        .with_src(root.join("src/abi/connect.rs"))
        .with_src(root.join("src/abi/sending.rs"))
        .with_src(root.join("src/abi/udp_target.rs"))
        .with_src(root.join("src/abi/events.rs"))
        .with_src(root.join("src/gamemaker/legacy_events.rs"))
        .with_src(root.join("src/abi/options.rs"))
        .with_src(root.join("src/abi/info.rs"))
        .generate()
        .map_err(|error| error.to_string())?
        .write(&mut text);
    String::from_utf8(text).map_err(|error| error.to_string())
}

fn with_version(text: String) -> String {
    text.replace("@VERSION@", version::VERSION)
        .replace("@VERSION_MAJOR@", version::MAJOR)
        .replace("@VERSION_MINOR@", version::MINOR)
        .replace("@VERSION_PATCH@", version::PATCH)
}
