//! Where the project lies, and what lies beside it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the workspace: the folder that holds this crate's.
pub(crate) fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask lies in no workspace")?.to_owned())
}

/// The cargo that runs this task, so that both are of one toolchain.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// What a command prints on stdout; an error with its stderr when it fails.
pub(crate) fn output_of(command: &mut Command) -> Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    ensure!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(output.stdout)
}

/// The folder of real posts that some tests measure on: `SHOAL_DATA`, or `../shared/data` beside the workspace.
pub(crate) fn data_folder(root: &Path) -> Option<PathBuf> {
    let folder = match std::env::var_os("SHOAL_DATA") {
        Some(named) => PathBuf::from(named),
        None => root.join("../shared/data"),
    };
    folder.is_dir().then(|| folder.canonicalize().ok()).flatten()
}

/// Whether this is a run of continuous integration, where nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    is_yes(std::env::var_os("CI").as_deref())
}

fn is_yes(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_says_yes_unless_it_is_empty_or_says_no() {
        assert!(is_yes(Some(OsStr::new("true"))));
        assert!(is_yes(Some(OsStr::new("1"))));
        for no in [None, Some(""), Some("0"), Some("false")] {
            assert!(!is_yes(no.map(OsStr::new)));
        }
    }
}
