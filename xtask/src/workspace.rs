//! The project's folder, and what lies beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the workspace: the folder that holds this crate's.
pub(crate) fn root() -> Result<PathBuf> {
    // Cargo names the crate that it runs, which may be another copy than the one this was built in.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    Ok(here.parent().context("xtask lies in no workspace")?.to_owned())
}

/// The cargo that runs this task, so that both are of one toolchain.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Runs a command and returns its stdout; an error with its stderr when it fails.
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
