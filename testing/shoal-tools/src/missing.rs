//! Reasons why something is not available.

use std::io;

/// A reason why something that a test needs is not available here. Displayed on one line.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// A program is not installed, and cannot be installed from here.
    #[error("{program} is not installed: {remedy}")]
    Program {
        /// The name of the program.
        program: String,
        /// The remedy, as a request.
        remedy: String,
    },
    /// A command that was to bring something failed.
    #[error("{command} failed (is there a network?): {output}")]
    Command {
        /// The program and its first argument.
        command: String,
        /// The end of what it said, on one line.
        output: String,
    },
    /// A file or a folder could not be had.
    #[error("cannot {action}: {source}")]
    Io {
        /// The action that failed.
        action: String,
        /// The cause.
        source: io::Error,
    },
}

/// Makes a [`Missing::Io`] of a failed `action`, said as in "cannot `action`".
pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Missing {
    move |source| Missing::Io { action: action.into(), source }
}
