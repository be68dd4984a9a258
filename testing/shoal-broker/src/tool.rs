//! Programs that are called and waited for.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::error::{Error, io};

/// The longest part of a program's output that an error quotes, in characters.
const QUOTED: usize = 4000;

/// A program that has to be installed.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    program: PathBuf,
    remedy: &'static str,
}

impl Tool {
    pub(crate) fn java() -> Self {
        let home = std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty());
        let program = home.map_or_else(|| "java".into(), |home| PathBuf::from(home).join("bin/java"));
        Self { program, remedy: "install a JDK, 17 or later (Debian: openjdk-17-jdk-headless)" }
    }

    pub(crate) fn maven() -> Self {
        Self { program: "mvn".into(), remedy: "install Maven (Debian: maven)" }
    }

    pub(crate) fn openssl() -> Self {
        Self { program: "openssl".into(), remedy: "install OpenSSL's command (Debian: openssl)" }
    }

    /// A program of another name.
    #[cfg(test)]
    pub(crate) fn named(self, program: &str) -> Self {
        Self { program: program.into(), ..self }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null());
        command
    }

    /// The error of a program that did not start.
    pub(crate) fn not_started(&self, source: std::io::Error) -> Error {
        let program = self.program.display().to_string();
        match source.kind() {
            ErrorKind::NotFound => Error::Missing { program, remedy: self.remedy },
            _ => io(format!("start {program}"))(source),
        }
    }

    /// Runs a command and returns what it printed, whether or not it succeeded.
    pub(crate) fn output(&self, command: &mut Command) -> Result<Output, Error> {
        command.output().map_err(|source| self.not_started(source))
    }

    /// Runs a command and returns its stdout; an error that calls it `name` if it failed.
    pub(crate) fn run(&self, name: &str, command: &mut Command) -> Result<Vec<u8>, Error> {
        let output = self.output(command)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(Error::Command { command: name.to_owned(), output: said(&output) })
    }
}

/// The end of what a program printed on both of its outputs.
pub(crate) fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&both);
    let text = text.trim();
    let cut = text.chars().count().saturating_sub(QUOTED);
    text.chars().skip(cut).collect()
}
