//! What stops a run.

use std::io;
use std::path::PathBuf;

/// A failure that stops a run, with what to do next. What was written before stays consistent: a run with state
/// goes on from its last checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An input or the dead letters.
    #[error(transparent)]
    Input(#[from] shoal_formats::Error),
    /// The configuration of detection.
    #[error(transparent)]
    Detect(#[from] shoal_detect::Error),
    /// An output that cannot be written.
    #[error("cannot write `{path}`: {source}; free space or choose another place, then run again")]
    Output {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// An output that is shorter than the state says.
    #[error(
        "`{path}` has {length} bytes, the state in `{state}` has seen {expected}: it was cut or replaced; put it back, \
         or remove the state to start afresh"
    )]
    OutputLost {
        /// The file.
        path: PathBuf,
        /// The state directory.
        state: PathBuf,
        /// Its length.
        length: u64,
        /// The length that the state knows.
        expected: u64,
    },
    /// The state directory cannot be read or written.
    #[error("cannot use the state directory `{path}`: {source}; check its permissions and the free space")]
    State {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Two processes share a state directory.
    #[error("the state directory `{0}` is in use by another process; stop that one or choose another directory")]
    StateInUse(PathBuf),
    /// A state of another configuration.
    #[error(
        "the state in `{state}` was made with another configuration ({found}, now {expected}); run with the old \
         configuration, or choose another --state directory"
    )]
    OtherConfiguration {
        /// The state directory.
        state: PathBuf,
        /// The fingerprint in the state.
        found: String,
        /// The fingerprint of this run.
        expected: String,
    },
    /// A state of another version.
    #[error(
        "the state in `{state}` was made by version {found} of the state format, this program reads version \
         {expected}; finish with the program that made it, or choose another --state directory"
    )]
    OtherVersion {
        /// The state directory.
        state: PathBuf,
        /// The version in the state.
        found: u32,
        /// The version of this program.
        expected: u32,
    },
    /// A state of other inputs or outputs.
    #[error(
        "the state in `{state}` belongs to another run: {why}; give it the same {what}, or choose another --state directory"
    )]
    OtherRun {
        /// The state directory.
        state: PathBuf,
        /// What differs.
        what: &'static str,
        /// How.
        why: String,
    },
    /// A snapshot that cannot be written or read.
    #[error("snapshot: {0}")]
    Snapshot(#[from] postcard::Error),
    /// State for an input that cannot be read again.
    #[error(
        "`{0}` is no file: what has come out of a pipe cannot be read again, so its run cannot be resumed; run without \
         --state, or write the posts to a file and --follow it"
    )]
    PipeWithState(PathBuf),
    /// No inputs were given.
    #[error("there is nothing to read: name a source in the pipeline, or give --input FILE")]
    NoSources,
    /// The run was asked to stop.
    #[error("stopped before the end of the input")]
    Stopped,
}
