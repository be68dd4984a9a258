//! Python with packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::run;
use crate::missing::Missing;
use crate::tool_folder::{ToolFolder, read};

const REMEDY: &str = "install Python 3 with venv (Debian: python3-venv)";

/// A Python that has the packages of a `requirements.txt`: the path of the interpreter of a virtual environment.
///
/// # Errors
/// Fails without a `python3` that has `venv`, or when pip cannot bring the packages.
pub fn python(requirements: &Path) -> Result<PathBuf, Missing> {
    let wanted = read(requirements)?;
    let place = ToolFolder::of("python", requirements);
    let environment = place.folder().join("venv");
    let python = environment.join("bin/python");
    // The interpreter that it was made from may be gone.
    let works = || run(Command::new(&python).arg("--version"), REMEDY).is_ok();
    place.fill(&wanted, works, || {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment), REMEDY)?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run(Command::new(&python).args(install).arg(requirements), REMEDY)
    })?;
    Ok(python)
}
