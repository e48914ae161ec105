//! `cargo xtask sanitize`: the Rust tests and the C programs with AddressSanitizer, the Rust tests with ThreadSanitizer,
//! and C programs under valgrind.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::must_for;
use crate::machine::Tool;
use crate::steps::Steps;
use crate::{build, cross};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask sanitize [address|thread|valgrind]...";
const PARTS: [&str; 3] = ["address", "thread", "valgrind"];
/// What instrumented programs take longer.
const SLOWNESS: &str = "5";
/// Seeds of the simulator: it is the same code in all of them.
const SEEDS: &str = "200";
/// It leaves a child without descriptors, of which LeakSanitizer needs some at the end.
const WITHOUT_DESCRIPTORS: &str = "api_log";
/// It sets the number of I/O threads itself.
const SETS_IO_THREADS: &str = "net_io_threads";
/// What cannot be run so, and why.
const NOT_RUN: [&str; 2] = [
    // It closes the library's descriptors in a child, at which the standard library ends a process that has debug
    // assertions.
    "net_forked",
    // It measures that memory stays flat; the sanitizer's own does not.
    "leak_churn",
];
/// A Rust test that links C with the shared library, in which the sanitizer's names are left open.
const LINKS_C: &str = "first_program";
/// What the library needs of the system when it is linked statically.
const SYSTEM_LIBRARIES: [&str; 8] =
    ["-lssl", "-lcrypto", "-lpthread", "-lrt", "-ldl", "-lm", "-lresolv", "-lgcc_s"];

pub fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let wanted: Vec<_> = arguments.collect();
    if wanted.iter().any(|name| !PARTS.contains(&name.as_str())) {
        return Err(USAGE.into());
    }
    build::provide_tools(&[Tool::new("valgrind", "valgrind")])?;
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    let compiler = Compiler::ask()?;
    let mut steps = Steps::default();
    if is_wanted("address") {
        let mut tests = compiler.with_address_sanitizer(&["test", "--lib", "--tests", "--no-fail-fast"]);
        tests.args(["--", "--skip", LINKS_C]);
        steps.run("address, Rust", tests);
        if steps.run("address, library", compiler.with_address_sanitizer(&["build", "--lib"])) {
            steps.carry_out("address, C", || compiler.run_c_programs());
        }
    }
    if is_wanted("thread") {
        steps.carry_out("thread, Rust", || compiler.test_with_thread_sanitizer());
    }
    if is_wanted("valgrind")
        && steps.run("cmake configure", build::cmake_configure())
        && steps.run("cmake build", build::cmake_build(&build::cmake_dir()))
    {
        steps.run("valgrind, C", valgrind());
    }
    steps.conclude()
}

/// The compiler that runs this, as far as sanitizers go.
struct Compiler {
    /// This machine, by Rust's name.
    triple: String,
    /// Its libraries, the sanitizers' runtimes among them.
    libraries: PathBuf,
}

impl Compiler {
    fn ask() -> Result<Self> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let answer = |arguments: &[&str]| -> Result<String> {
            let output = Command::new(&rustc).args(arguments).output()?;
            Ok(String::from_utf8(output.stdout)?)
        };
        let version = answer(&["-vV"])?;
        let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
        let triple = triple.ok_or("rustc does not say what it runs on")?.to_owned();
        let libraries = answer(&["--print", "target-libdir"])?.trim().into();
        Ok(Self { triple, libraries })
    }

    /// The runtime of a sanitizer that goes with this compiler; `name` is how its file's name ends.
    fn runtime(&self, name: &str) -> Result<PathBuf> {
        let mut files =
            fs::read_dir(&self.libraries)?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let file = files.find(|path| path.to_string_lossy().ends_with(name));
        file.ok_or_else(|| format!("this toolchain has no {name}").into())
    }

    // ---- AddressSanitizer, and with it LeakSanitizer -----------------------------------------

    fn address_dir() -> PathBuf {
        build::target_dir().join("sanitize")
    }

    /// cargo, which compiles all but the standard library with the sanitizer.
    fn with_address_sanitizer(&self, arguments: &[&str]) -> Command {
        let mut command = build::cargo();
        // An unstable option, which the compiler has to be told to allow.
        command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
        command.env("STEPWIRE_SEEDS", SEEDS);
        command.args(arguments).args(["--locked", "--package=stepwire", "--target", &self.triple]);
        command.arg("--target-dir").arg(Self::address_dir());
        command
    }

    /// Every C program in both modes, and with several I/O threads.
    fn run_c_programs(&self) -> Result<String> {
        let mut failed = Vec::new();
        let mut runs = 0;
        for name in c_programs()? {
            let program = self.link(&name)?;
            for (mode, threads) in [("thread", "1"), ("manual", "1"), ("thread", "4")] {
                if name == SETS_IO_THREADS && threads != "1" {
                    continue;
                }
                println!("--> {name} {mode}, {threads} of them");
                let mut command = Command::new(&program);
                command.arg(mode).env("STEPWIRE_TEST_IO_THREADS", threads);
                command.env("STEPWIRE_TEST_SLOWNESS", SLOWNESS);
                if name == WITHOUT_DESCRIPTORS {
                    command.env("ASAN_OPTIONS", "detect_leaks=0");
                }
                runs += 1;
                if !command.status()?.success() {
                    failed.push(format!("{name} {mode} {threads}"));
                }
            }
        }
        if failed.is_empty() { Ok(format!("{runs} runs")) } else { Err(failed.join(", ").into()) }
    }

    /// Compiles a program and what all have in common, and links it with the static library and the runtime that the
    /// library was compiled for: gcc's own is another version's.
    fn link(&self, name: &str) -> Result<PathBuf> {
        let sources = build::root().join("tests/c");
        let folder = Self::address_dir().join("c").join(name);
        fs::create_dir_all(&folder)?;
        let files = [name, "harness", "events", "peer", "process"];
        let mut command = Command::new("cc");
        command.args(["-std=c99", "-g", "-D_GNU_SOURCE", "-fsanitize=address", "-c"]).current_dir(&folder);
        command.arg("-iquote").arg(&sources).arg("-I").arg(build::root().join("include"));
        must_for(name, command.args(files.map(|file| sources.join(file).with_extension("c"))))?;
        let mut command = Command::new("cc");
        command.arg("-o").arg(name).args(files.map(|file| format!("{file}.o"))).current_dir(&folder);
        command.arg(Self::address_dir().join(&self.triple).join("debug/libstepwire.a"));
        command.arg("-Wl,--whole-archive").arg(self.runtime("_rt.asan.a")?).arg("-Wl,--no-whole-archive");
        must_for(name, command.args(SYSTEM_LIBRARIES))?;
        Ok(folder.join(name))
    }

    // ---- ThreadSanitizer ---------------------------------------------------------------------

    /// It has to see the standard library's own locks, too: Debian's compiler comes with the source of that, and borrows
    /// the runtime of the compiler that runs this. The unit tests are what needs no shared library, which does not link
    /// so.
    fn test_with_thread_sanitizer(&self) -> Result<String> {
        cross::provide_debian_rust()?;
        let folder = build::target_dir().join("sanitize-thread");
        let libraries = Path::new("lib/rustlib").join(&self.triple).join("lib");
        let own_libraries = folder.join("sysroot").join(&libraries);
        fs::create_dir_all(&own_libraries)?;
        for entry in fs::read_dir(Path::new("/usr").join(&libraries))? {
            let entry = entry?;
            let link = own_libraries.join(entry.file_name());
            if !link.exists() {
                symlink(entry.path(), link)?;
            }
        }
        fs::copy(self.runtime("_rt.tsan.a")?, own_libraries.join("librustc-stable_rt.tsan.a"))?;
        let rustc = folder.join("rustc");
        let sysroot = folder.join("sysroot");
        let script =
            format!("#!/bin/sh\nexec {} --sysroot {} \"$@\"\n", cross::DEBIAN_RUSTC, sysroot.display());
        fs::write(&rustc, script)?;
        fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755))?;

        let mut command = Command::new(cross::DEBIAN_CARGO);
        cross::with_debian_rust(command.current_dir(build::root()));
        command.env("RUSTC", rustc).env("RUSTFLAGS", "-Zsanitizer=thread");
        command.env("__CARGO_TESTS_ONLY_SRC_ROOT", cross::STANDARD_LIBRARY).env("STEPWIRE_SEEDS", SEEDS);
        command.args(["test", "--locked", "--package=stepwire", "--lib", "--target", &self.triple]);
        must_for("the unit tests", command.arg("--target-dir").arg(folder))?;
        Ok(String::new())
    }
}

/// All that the C tests consist of, but for those of how to link.
fn c_programs() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(build::root().join("tests/c"))? {
        let path = entry?.path();
        let Some(name) = path.file_stem().map(|name| name.to_string_lossy().into_owned()) else { continue };
        let is_program = ["api_", "net_", "leak_"].iter().any(|class| name.starts_with(class));
        if is_program
            && !NOT_RUN.contains(&name.as_str())
            && path.extension().is_some_and(|extension| extension == "c")
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Those of the C programs that ctest knows to be worth the time.
fn valgrind() -> Command {
    let mut command = Command::new("ctest");
    command.current_dir(build::cmake_dir()).args(["-j2", "-L", "valgrind", "--output-on-failure"]);
    command
}
