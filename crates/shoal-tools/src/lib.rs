//! What tests need from elsewhere, brought once into the project's own folder (`target/tools`).
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
mod place;
mod python;

pub use debian::{debian, debian_unpacked};
pub use missing::Missing;
pub use npm::npm;
pub use python::python;

/// What was found, or a `SKIPPED:` line and nothing; `what` is what the line says does not run.
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

/// Whether nothing may be skipped.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}
