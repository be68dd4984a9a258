//! Small packages are brought from where they are kept.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Command;

use shoal_tools::{debian_unpacked, npm, or_skip, python};

const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/small");

#[test]
fn a_python_has_what_its_requirements_say() {
    let requirements = Path::new(SMALL).join("requirements.txt");
    let Some(interpreter) = or_skip("a package for Python", python(&requirements)) else { return };
    let output = Command::new(&interpreter).args(["-c", "import six; print(six.__version__)"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1.17.0\n");
    assert_eq!(python(&requirements).unwrap(), interpreter);
}

#[test]
fn a_folder_has_the_modules_of_its_lock_file() {
    let Some(folder) = or_skip("a package of npm", npm(Path::new(SMALL))) else { return };
    assert!(folder.join("node_modules/isarray/index.js").is_file());
    assert_eq!(npm(Path::new(SMALL)).unwrap(), folder);
}

#[test]
fn a_program_of_debian_runs_without_being_installed() {
    let Some(promtool) = or_skip("promtool", debian_unpacked("promtool", "prometheus")) else { return };
    assert!(Command::new(promtool).arg("--version").output().unwrap().status.success());
}
