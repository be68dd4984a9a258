//! Writing to standard output and standard error.

use std::io::{self, Write};

use anyhow::{Context, Result};

/// Writes to standard output. A reader that has seen enough, such as `head`, is no failure.
pub(crate) fn print(bytes: &[u8]) -> Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Writes to standard error, as far as anybody listens: there is nowhere left to report a failure to.
pub(crate) fn note(text: &str) {
    _ = io::stderr().lock().write_all(text.as_bytes());
}
