//! Brings what tests need from elsewhere, once, into the project's own folder (`target/tools`).
//!
//! ```no_run
//! use std::path::Path;
//!
//! // A test that needs Python packages. Says `SKIPPED: …` and returns where they are not to be had.
//! let requirements = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requirements.txt"));
//! let Some(python) = shoal_tools::or_skip("networkx", shoal_tools::python(requirements)) else { return };
//! let output = std::process::Command::new(python).args(["-c", "import networkx"]).output();
//! ```
//!
//! Any number of test processes may ask for the same thing at the same time: one works, the others wait. What is there
//! is used again until the file that asks for it changes.

mod command;
mod debian;
mod missing;
mod npm;
mod python;
mod tool_folder;

use std::ffi::OsStr;

pub use debian::{debian, debian_unpacked};
pub use missing::Missing;
pub use npm::npm;
pub use python::python;

/// Unwraps what was found, or prints a `SKIPPED:` line that names `what` and returns nothing.
///
/// # Panics
/// Under CI (`CI=true`), where nothing may be skipped.
#[allow(clippy::print_stdout, reason = "the tests' way to say that they did not run")]
#[allow(clippy::panic, reason = "this is for tests")]
pub fn or_skip<T>(what: &str, found: Result<T, Missing>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(missing) if !in_ci() => {
            println!("SKIPPED: {what}: {missing}");
            None
        }
        Err(missing) => panic!("{what}: {missing}"),
    }
}

/// Returns whether this is a run of continuous integration, where nothing may be skipped.
pub fn in_ci() -> bool {
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
