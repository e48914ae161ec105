//! The first program in README.md compiles without a warning and prints what README.md says.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use xtask::version::{built_name, loaded_name};

/// The code block between the two comments.
fn block(name: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))
        .expect("it is part of the project");
    let after = readme.split_once(&format!("<!-- {name}: begin -->\n")).expect("its begin").1;
    let between = after.split_once(&format!("<!-- {name}: end -->")).expect("its end").0;
    let lines = between.lines().filter(|line| !line.starts_with("```"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A folder that has the library under the names that linkers and loaders look for.
fn library_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(&folder).expect("a folder");
    // cargo puts the libraries it built for this test beside the test's own program.
    let built = std::env::current_exe().expect("a test is a program");
    let name = built_name("stepwire");
    for target in [&name, &loaded_name("stepwire")] {
        fs::copy(built.with_file_name(&name), folder.join(target)).expect("a copy of the library");
    }
    folder
}

fn succeeded(output: Output) -> Output {
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn first_program() {
    let folder = library_folder();
    let source = folder.join("first.c");
    let program = folder.join("first");
    fs::write(&source, block("first program")).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let compiled = Command::new(compiler)
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .arg("-I")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"))
        .args([&source, Path::new("-o"), &program])
        .arg("-L")
        .arg(&folder)
        .args(["-lstepwire", "-Wl,-rpath"])
        .arg(format!("-Wl,{}", folder.display()))
        .output()
        .unwrap();
    succeeded(compiled);

    let output = succeeded(Command::new(&program).output().unwrap());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), block("its output"));
}
