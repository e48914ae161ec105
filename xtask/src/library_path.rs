//! Cargo has programs that it runs look for libraries in the folder of the debug build first. What these programs start
//! in turn would load `libstepwire` from there instead of the one they were linked with.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::build::target_dir;

const VARIABLE: &str = "LD_LIBRARY_PATH";

/// Begins this program again without cargo's folders in the path, if they are in it.
pub fn leave_cargos() -> std::io::Result<()> {
    match env::var_os(VARIABLE).and_then(|path| without(&path, &target_dir())) {
        // What comes back is why it could not.
        Some(rest) => {
            Err(Command::new(env::current_exe()?).args(env::args_os().skip(1)).env(VARIABLE, rest).exec())
        }
        None => Ok(()),
    }
}

/// None if nothing of it is below the folder.
fn without(path: &OsString, folder: &Path) -> Option<OsString> {
    let (out, rest): (Vec<_>, Vec<_>) = env::split_paths(path).partition(|one| one.starts_with(folder));
    if out.is_empty() { None } else { env::join_paths(rest).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_folders_stay() {
        let path = OsString::from("/p/target/debug/deps:/opt/lib:/p/target/debug");
        assert_eq!(without(&path, Path::new("/p/target")), Some("/opt/lib".into()));
        assert_eq!(without(&"/opt/lib".into(), Path::new("/p/target")), None);
    }
}
