//! Programs that are called and waited for.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::missing::{Missing, io};

/// The longest part of a program's output that is quoted, in characters.
const QUOTED: usize = 1000;

/// Runs a command to its end. `remedy` is what to do when its program is not installed.
pub(crate) fn run(command: &mut Command, remedy: &str) -> Result<(), Missing> {
    let program = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|source| match source.kind() {
        ErrorKind::NotFound => Missing::Program { program: program.clone(), remedy: remedy.to_owned() },
        _ => io(format!("start {program}"))(source),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let first = command.get_args().next().map(|argument| format!(" {}", argument.display())).unwrap_or_default();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    Err(Missing::Command { command: program + &first, output: end_of(&String::from_utf8_lossy(&said)) })
}

/// The end of a text, on one line.
fn end_of(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = line.chars().count().saturating_sub(QUOTED);
    line.chars().skip(cut).collect()
}

/// Finds a program by the search path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_program(file))
}

/// Returns whether a file exists and may be executed.
pub(crate) fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_says_why_on_one_line() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let missing = run(&mut command, "").unwrap_err();
        assert_eq!(missing.to_string(), "sh -c failed (is there a network?): one two");
        assert_eq!(end_of(&"x".repeat(QUOTED + 1)).len(), QUOTED);
    }

    #[test]
    fn what_is_not_installed_says_what_to_do() {
        let missing = run(&mut Command::new("no-such-program"), "install it").unwrap_err();
        assert_eq!(missing.to_string(), "no-such-program is not installed: install it");
        assert_eq!(find("no-such-program"), None);
        assert!(find("sh").is_some_and(|path| path.is_absolute()));
    }
}
